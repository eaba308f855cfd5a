"""Users on the wire, and what is refused about them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.core.passwords import MAX_PASSWORD_LENGTH
from app.core.schemas import NO_CONTROL_CHARACTERS, NOT_BLANK, Output
from app.users.models import EMAIL_MAX_LENGTH, FULL_NAME_MAX_LENGTH, Role


def _valid_email(value: str) -> str:
    try:
        # Not asking the DNS: a mail that arrives proves more. Not SMTPUTF8: few servers take it.
        valid = validate_email(value.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise PydanticCustomError("email", "This is not a valid e-mail address.") from error
    return (valid.ascii_email or "").lower()


Email = Annotated[
    str,
    StringConstraints(max_length=EMAIL_MAX_LENGTH),
    AfterValidator(_valid_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": EMAIL_MAX_LENGTH}),
]
"""An e-mail address in the form in which it is stored: trimmed, ASCII, in lower case."""


def login_name(value: str) -> str:
    """The stored form of what was typed at log-in; what is no address is found nowhere."""
    try:
        return _valid_email(value)
    except ValueError:
        return value.lower()


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
