"""Schemas of users."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.core.passwords import MAX_PASSWORD_LENGTH
from app.core.schemas import SINGLE_LINE, Line, Output
from app.users.models import EMAIL_MAX_LENGTH, FULL_NAME_MAX_LENGTH, Role


def _valid_email(value: str) -> str:
    try:
        # No DNS, because a mail that arrives proves more. No SMTPUTF8, which few servers accept.
        valid = validate_email(value.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise PydanticCustomError("email", "Must be a valid e-mail address.") from error
    return (valid.ascii_email or "").lower()


Email = Annotated[
    str,
    StringConstraints(max_length=EMAIL_MAX_LENGTH),
    AfterValidator(_valid_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": EMAIL_MAX_LENGTH}),
]
"""E-mail address in its stored form: trimmed, ASCII, in lower case."""


def login_name(value: str) -> str:
    """Return the stored form of a user name. One that is not an address matches no user."""
    try:
        return _valid_email(value)
    except ValueError:
        return value.lower()


FullName = Annotated[Line, Field(max_length=FULL_NAME_MAX_LENGTH, examples=["Ada Lovelace"])]

NewPassword = Annotated[
    str,
    StringConstraints(max_length=MAX_PASSWORD_LENGTH, pattern=SINGLE_LINE),
    Field(examples=["correct horse battery staple"]),
]
"""New password. Settings define its minimum length and strength."""

ExistingPassword = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_PASSWORD_LENGTH, pattern=SINGLE_LINE),
    Field(examples=["correct horse battery staple"]),
]
"""Password to check. Only its length is bounded, because other rules may have applied to it."""


class UserPublic(Output):
    """User, as shown to the user and to admins."""

    id: UUID
    email: str
    full_name: str | None
    role: Role
    is_active: bool
    email_verified_at: datetime | None
    created_at: datetime


class UserReference(Output):
    """User, as shown to other users."""

    id: UUID
    full_name: str | None
