"""Keyset pages: the position behind the last item travels in a signed cursor."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import Field, StringConstraints, TypeAdapter
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import to_json

from app.core.errors import InvalidInput
from app.core.keys import KeyRing
from app.core.schemas import Input, Output

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
MAX_CURSOR_LENGTH = 2048
CURSOR_PATTERN = r"^[A-Za-z0-9_-]+$"
SIGNATURE_BYTES = 16

T = TypeVar("T")
P = TypeVar("P")

Position = tuple[datetime, UUID]
"""Where a page of a list in order of time ends: the sort key of its last item, and its id, which
makes the order total. Lists in another order have positions of another type.
"""
POSITION: TypeAdapter[Position] = TypeAdapter(Position)


@dataclass(frozen=True)
class Slice(Generic[T]):
    """A page: its items, and the cursor of the next page if there is one."""

    items: list[T]
    next_cursor: str | None


class Cursors:
    """Turns positions into cursors and back. A cursor is good for the list that it was made for:
    the name of a list tells its filters and its order too.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys.derive("cursor")

    def seal(self, list_name: str, position: object | None) -> str | None:
        """The cursor for what follows `position` in the list of that name."""
        if position is None:
            return None
        payload = to_json(position)
        signature = _sign(self._keys[0], list_name, payload)
        return base64.urlsafe_b64encode(signature + payload).decode().rstrip("=")

    def open(self, list_name: str, cursor: str | None, positions: TypeAdapter[P]) -> P | None:
        """The position in the cursor. Raises InvalidInput for a broken or foreign one."""
        if cursor is None:
            return None
        try:
            padding = "=" * (-len(cursor) % 4)
            sealed = base64.b64decode(cursor + padding, altchars=b"-_", validate=True)
            signature, payload = sealed[:SIGNATURE_BYTES], sealed[SIGNATURE_BYTES:]
            if not any(
                hmac.compare_digest(signature, _sign(key, list_name, payload)) for key in self._keys
            ):
                raise _invalid_cursor()
            return positions.validate_json(payload)
        except ValueError as error:
            raise _invalid_cursor() from error


def _sign(key: bytes, list_name: str, payload: bytes) -> bytes:
    message = list_name.encode() + b"\0" + payload
    return hmac.digest(key, message, hashlib.sha256)[:SIGNATURE_BYTES]


def _invalid_cursor() -> InvalidInput:
    return InvalidInput("This is no cursor of this list.", parameter="cursor")


Item = TypeVar("Item")


# Bounds stand on the string itself: in a field that may be None, the document loses a pattern.
Cursor = Annotated[str, StringConstraints(max_length=MAX_CURSOR_LENGTH, pattern=CURSOR_PATTERN)]


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
