"""Types of registries: the operations of each feature, for tests that go through all routes.

`tests/<feature>/registry.py` defines one. Write the entry of an operation before its handler.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.core.config import API_PREFIX as API

if TYPE_CHECKING:
    from tests.support.world import World

__all__ = ["API", "Access", "Entry", "Registry", "for_admins", "for_owner", "for_users", "public"]

WITHOUT_SESSION = ("anonymous", "deactivated", "revoked")
"""Callers who are not authenticated."""


@dataclass(frozen=True)
class Access:
    """Statuses of an operation by caller: without a session, user, admin, and special callers."""

    anonymous: int
    user: int
    admin: int
    others: Mapping[str, int] = field(default_factory=dict)

    def status_for(self, caller: str) -> int:
        if caller in WITHOUT_SESSION:
            return self.anonymous
        return self.others.get(caller, self.admin if caller == "admin" else self.user)


def public(status: int) -> Access:
    return Access(anonymous=status, user=status, admin=status)


def for_users(status: int) -> Access:
    return Access(anonymous=401, user=status, admin=status)


def for_owner(status: int) -> Access:
    """Return the access to an operation for the owner, which is 404 for all others and admins."""
    return Access(anonymous=401, user=404, admin=404, others={"owner": status})


def for_admins(status: int) -> Access:
    return Access(anonymous=401, user=403, admin=status)


@dataclass(frozen=True)
class Entry:
    """Expectations of one operation."""

    access: Access
    body: Mapping[str, object] | None = None
    """Valid JSON body."""
    form: Mapping[str, str] | None = None
    """Valid form."""
    statements: int | None = None
    """Number of SQL statements, with the one that authenticates. Required for reads."""
    limit: str | None = None
    """Rate limit of its own: the name of a setting without `limit_`."""
    accepts: Mapping[str, list[str]] = field(default_factory=dict)
    """Values, by field, that look invalid but are valid."""


@dataclass(frozen=True)
class Registry:
    """Operations of one feature, and the rows that they need."""

    entries: Mapping[str, Entry]
    """Entries by method and path, such as `GET /api/v1/notes`."""
    callers: tuple[str, ...] = ()
    """Special callers besides `owner`."""
    add_resources: "Callable[[World], Awaitable[None]] | None" = None
    """Function that creates a resource for each path parameter, and sets `World.ids`."""
    add_rows: "Callable[[World, int], Awaitable[None]] | None" = None
    """Function that adds a number of rows to each list of the owner."""
