"""Resources and rows for the tests that go through all routes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from app.runtime.resources import Resources
from app.users.models import User
from tests.support.factories import Factory


@dataclass
class World:
    """A resource for each path parameter."""

    factory: Factory
    resources: Resources
    callers: Mapping[str, User]
    """Users who send requests, by their relation to the resources."""
    other: User
    """User who sends no request."""
    ids: dict[str, UUID] = field(default_factory=dict)
    """Ids of the resources by the names of path parameters."""

    @property
    def owner(self) -> User:
        """Owner of the resources: the caller of this name, or else the other user."""
        return self.callers.get("owner", self.other)
