"""What all schemas share: strictness, bounded types, pages."""

from typing import Annotated, Generic, TypeVar

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from app.core.pagination import CURSOR_PATTERN, DEFAULT_PAGE_SIZE, MAX_CURSOR_LENGTH, MAX_PAGE_SIZE
from app.models.users import EMAIL_MAX_LENGTH

Item = TypeVar("Item")

API = "/api/v1"
"""Where the paths of this version begin."""

NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""A pattern also makes Pydantic refuse lone surrogates, which no database stores."""
NO_CONTROL_CHARACTERS_BUT_SPACE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
"""For texts of several lines."""
NOT_BLANK = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
"""One line with at least one character that is no space. Strip it after the match, with
`AfterValidator(str.strip)`, so that the pattern is all there is to it.
"""


# Bounds stand on the string itself: in a field that may be None, the document loses a pattern.
Cursor = Annotated[str, StringConstraints(max_length=MAX_CURSOR_LENGTH, pattern=CURSOR_PATTERN)]


class Input(BaseModel):
    """What clients send: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """What clients are sent, read from rows and entities."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_serialization_defaults_required=True
    )


class PageQuery(Input):
    """Which page of a list. A list with filters inherits from it."""

    limit: int = Field(
        DEFAULT_PAGE_SIZE, ge=1, le=MAX_PAGE_SIZE, description="How many items at most."
    )
    cursor: Cursor | SkipJsonSchema[None] = Field(
        None, description="`next_cursor` of the page before."
    )


class Page(Output, Generic[Item]):
    """One page of a list."""

    items: list[Item] = Field(max_length=MAX_PAGE_SIZE)
    next_cursor: str | None = Field(description="The cursor of the next page; null on the last.")


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
