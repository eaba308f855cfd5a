"""Keyset pages of lists.

A keyset page begins after the position of the previous page's last item, instead of after a number
of rows (OFFSET). Clients get this position as a signed cursor.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
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

P = TypeVar("P")
Item = TypeVar("Item")
Row = TypeVar("Row")

Position = tuple[datetime, UUID]
"""Position in a list that is sorted by time: the creation time and the id of a row."""
POSITION: TypeAdapter[Position] = TypeAdapter(Position)

# The constraints are part of this type. If `Field` had them, they would apply to a type that
# includes None, so that the OpenAPI document would lack the pattern.
Cursor = Annotated[str, StringConstraints(max_length=MAX_CURSOR_LENGTH, pattern=CURSOR_PATTERN)]


class PageQuery(Input):
    """Query parameters of a list. Inherit from this class to add filters."""

    limit: int = Field(
        DEFAULT_PAGE_SIZE, ge=1, le=MAX_PAGE_SIZE, description="Maximum number of items."
    )
    cursor: Cursor | SkipJsonSchema[None] = Field(
        None, description="`next_cursor` of the previous page."
    )


class Page(Output, Generic[Item]):
    """Page of a list."""

    items: list[Item] = Field(max_length=MAX_PAGE_SIZE)
    next_cursor: str | None = Field(description="Cursor of the next page; null on the last page.")


@dataclass(frozen=True)
class PageRequest(Generic[P]):
    """Page that a client requests: at most `limit` rows after a position."""

    after: P | None
    """Position after which the page begins; None for the first page."""
    limit: int
    to_cursor: Callable[[P], str]
    """Function that returns the cursor of a position."""

    def page(
        self, rows: Sequence[Row], item: Callable[[Row], Item], position: Callable[[Row], P]
    ) -> Page[Item]:
        """Return a page of the first `limit` rows.

        The caller fetches up to `limit + 1` rows. An extra row means that another page follows.
        """
        shown = rows[: self.limit]
        has_next = len(rows) > self.limit
        return Page(
            items=[item(row) for row in shown],
            next_cursor=self.to_cursor(position(shown[-1])) if has_next else None,
        )


class Cursors:
    """Signed cursors. A cursor is valid only for the list that it was created for."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys.derive("cursor")

    def page_request(
        self, list_name: str, query: PageQuery, positions: TypeAdapter[P]
    ) -> PageRequest[P]:
        """Return the page request of a client's query.

        `list_name` must be different for each owner, filter and sort order. Raises InvalidInput for
        a cursor that was created for a list with another name.
        """
        after = self._to_position(list_name, query.cursor, positions) if query.cursor else None
        return PageRequest(after, query.limit, partial(self._to_cursor, list_name))

    def _to_cursor(self, list_name: str, position: object) -> str:
        """Return the cursor of the position."""
        payload = to_json(position)
        signature = _sign(self._keys[0], list_name, payload)
        return base64.urlsafe_b64encode(signature + payload).decode().rstrip("=")

    def _to_position(self, list_name: str, cursor: str, positions: TypeAdapter[P]) -> P:
        """Return the position of the cursor. Raises InvalidInput."""
        try:
            padding = "=" * (-len(cursor) % 4)
            signed = base64.b64decode(cursor + padding, altchars=b"-_", validate=True)
            signature, payload = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
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
    return InvalidInput("The cursor is not valid for this list.", parameter="cursor")
