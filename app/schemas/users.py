"""Users on the wire, and what is refused about them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, AfterValidator, ConfigDict, Field, StrictBool, StringConstraints

from app.core.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from app.core.passwords import MAX_PASSWORD_LENGTH
from app.models.users import FULL_NAME_MAX_LENGTH, Role
from app.schemas.base import NO_CONTROL_CHARACTERS, NOT_BLANK, Email, Input, Output

FullName = Annotated[
    str,
    StringConstraints(max_length=FULL_NAME_MAX_LENGTH, pattern=NOT_BLANK),
    AfterValidator(str.strip),
    Field(examples=["Ada Lovelace"]),
]

NewPassword = Annotated[
    str,
    StringConstraints(max_length=MAX_PASSWORD_LENGTH, pattern=NO_CONTROL_CHARACTERS),
    Field(examples=["correct horse battery staple"]),
]
"""A password to be set. How short and how weak it may be, settings decide."""

ExistingPassword = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_PASSWORD_LENGTH, pattern=NO_CONTROL_CHARACTERS),
    Field(examples=["correct horse battery staple"]),
]
"""A password to be checked: only bounded, for it was set under other rules, perhaps."""


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


class PasswordChange(Input):
    """A new password, proved by the current one."""

    current_password: ExistingPassword
    new_password: NewPassword


class AccountDeletion(Input):
    """The end of an account, proved by its password."""

    password: ExistingPassword


class UserPublic(Output):
    """A user, as the user and admins see them."""

    id: UUID
    email: str
    full_name: str | None
    role: Role
    is_active: bool
    email_verified_at: datetime | None
    created_at: datetime


class UserReference(Output):
    """A user, as those see them who work with them."""

    id: UUID
    full_name: str | None


class EmailTaken(Conflict):
    """Another user has this address."""

    code = "email_taken"
    detail = "There is an account with this e-mail address already."


class WeakPassword(InvalidInput):
    """The new password is too short or too easy to guess."""

    code = "weak_password"
    detail = "The new password is too short or too easy to guess; `errors` says why."


class WrongPassword(PermissionDenied):
    """The current password is another one."""

    code = "wrong_password"
    detail = "The password is wrong."


class LastAdmin(Conflict):
    """Someone has to stay who can administer."""

    code = "last_admin"
    detail = "The last active admin can be neither demoted, deactivated nor deleted."


class SoleOwner(Conflict):
    """What others share may not lose its owner."""

    code = "sole_owner"
    detail = "The user is the only owner of something that others share; it needs another one."


class UserNotFound(NotFound):
    """No user has this id."""

    detail = "There is no such user."
