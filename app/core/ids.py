"""Identifiers. The only module that creates them."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562 §5.7), which sorts by the time of its creation."""
    return uuid7()
