"""The only place that makes identifiers."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562 §5.7): unique, and sorted by the time of its making."""
    return uuid7()
