"""Entity tags, each of which identifies one exact response body (strong: RFC 9110 §8.8.3)."""

import hashlib
import re
from dataclasses import dataclass

from pydantic import BaseModel

from app.core.errors import AppError, EditConflict, PreconditionFailed

_OPAQUE = r'"[\x21\x23-\x7e\x80-\xff]*"'
_TAG = rf"(?:W/)?{_OPAQUE}"
TAG_LIST_PATTERN = rf"^(?:\*|{_TAG}(?:[ \t]*,[ \t]*{_TAG})*)$"
"""Pattern of the value of `If-Match` and `If-None-Match` (RFC 9110 §13.1)."""


def etag_of(representation: bytes) -> str:
    """Return the entity tag of a body: a digest, so that only equal bodies have equal tags."""
    return f'"{hashlib.sha256(representation).hexdigest()[:32]}"'


@dataclass(frozen=True)
class IfMatch:
    """Precondition of a write: the value of the request's `If-Match`, or None."""

    value: str | None

    @property
    def is_specific(self) -> bool:
        """True if the client sent entity tags, so that only these versions may be changed."""
        return self.value not in (None, "*")

    @property
    def conflict(self) -> type[AppError]:
        """Error to raise when a concurrent request has changed the resource."""
        return PreconditionFailed if self.is_specific else EditConflict

    def raise_unless_current(self, representation: BaseModel) -> None:
        """Raise PreconditionFailed if `If-Match` lists tags, but not that of the representation."""
        if self.value in (None, "*"):
            return
        # The comparison is strong: a weak tag never matches (RFC 9110 §13.1.1).
        strong = re.findall(rf"(?:^|[\s,])({_OPAQUE})", self.value)
        if etag_of(representation.model_dump_json().encode()) not in strong:
            raise PreconditionFailed


def is_not_modified(if_none_match: str, etag: str) -> bool:
    """Return True if the client has this representation already (RFC 9110 §13.1.2)."""
    return if_none_match == "*" or etag in re.findall(_OPAQUE, if_none_match)
