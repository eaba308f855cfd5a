"""Schemas of accounts."""

from pydantic import MISSING, ConfigDict, Field, StrictBool

from app.core.schemas import Input
from app.users.models import Role
from app.users.schemas import Email, ExistingPassword, FullName, NewPassword


class UserCreate(Input):
    """New user."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"email": "ada@example.com", "password": "correct horse battery staple"}]
        }
    )

    email: Email
    password: NewPassword
    full_name: FullName | None = None


class ProfileUpdate(Input):
    """Change of the user's own profile. An absent field is unchanged; null clears it."""

    full_name: FullName | MISSING | None = MISSING


class UserUpdate(ProfileUpdate):
    """Change of a user by an admin. An absent field is unchanged; null clears it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_active": False}]})

    role: Role | MISSING = MISSING
    is_active: StrictBool | MISSING = Field(
        MISSING, description="False immediately ends every session of the user."
    )


class AccountDeletion(Input):
    """Deletion of an account, with its password."""

    password: ExistingPassword
