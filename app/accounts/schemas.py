"""Bodies of requests about accounts."""

from pydantic import MISSING, ConfigDict, Field, StrictBool

from app.core.schemas import Input
from app.users.models import Role
from app.users.schemas import Email, ExistingPassword, FullName, NewPassword


class UserCreate(Input):
    """A registration."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"email": "ada@example.com", "password": "correct horse battery staple"}]
        }
    )

    email: Email
    password: NewPassword
    full_name: FullName | None = None


class ProfileUpdate(Input):
    """What users change about themselves. An absent field stays; null clears it."""

    full_name: FullName | MISSING | None = MISSING


class UserUpdate(ProfileUpdate):
    """What admins change about users. An absent field stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_active": False}]})

    role: Role | MISSING = MISSING
    is_active: StrictBool | MISSING = Field(
        MISSING, description="False ends every session of the user, at once."
    )


class AccountDeletion(Input):
    """The end of an account, proved by its password."""

    password: ExistingPassword
