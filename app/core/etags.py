"""Entity tags: a strong validator for each representation (RFC 9110 §8.8.3)."""

import hashlib
import re
from dataclasses import dataclass

from pydantic import BaseModel

from app.core.errors import AppError, EditConflict, PreconditionFailed

_OPAQUE = r'"[\x21\x23-\x7e\x80-\xff]*"'
_TAG = rf"(?:W/)?{_OPAQUE}"
TAG_LIST_PATTERN = rf"^(?:\*|{_TAG}(?:[ \t]*,[ \t]*{_TAG})*)$"
"""The value of `If-Match` and `If-None-Match` (RFC 9110 §13.1)."""


def etag_of(representation: bytes) -> str:
    """The entity tag of a body: a digest, so that equal bodies have equal tags, and only they."""
    return f'"{hashlib.sha256(representation).hexdigest()[:32]}"'


@dataclass(frozen=True)
class IfMatch:
    """What a client wants to find unchanged: the value of `If-Match`, if it sent one."""

    value: str | None

    @property
    def conflict(self) -> type[AppError]:
        """What the client is told when another writer comes in between."""
        return EditConflict if self.value in (None, "*") else PreconditionFailed

    def refuse_unless_current(self, representation: BaseModel) -> None:
        """Raises PreconditionFailed if what is stored is shown by other bytes than the client's."""
        if self.value in (None, "*"):
            return
        # Compared strongly: a weak tag matches nothing (RFC 9110 §13.1.1).
        strong = re.findall(rf"(?:^|[\s,])({_OPAQUE})", self.value)
        if etag_of(representation.model_dump_json().encode()) not in strong:
            raise PreconditionFailed


def is_not_modified(if_none_match: str, etag: str) -> bool:
    """Whether the client has this representation already (RFC 9110 §13.1.2)."""
    return if_none_match == "*" or etag in re.findall(_OPAQUE, if_none_match)
