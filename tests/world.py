"""What there is for tests that go through all routes, whatever feature they belong to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from jose import jwt

from app.audit.models import Activity
from app.runtime.resources import Resources
from app.users.models import User
from tests import access
from tests.example import world as example  # example
from tests.factories import Factory, Login

CALLERS = [*access.WITHOUT_LOG_IN, "stranger", "admin", "owner"]
CALLERS += sorted(example.ROLES - {"owner"})  # example
MATRIX = dict(access.MATRIX)
MATRIX |= example.MATRIX  # example
BODIES = dict(access.BODIES)
BODIES |= example.BODIES  # example
QUERIES = dict(access.QUERIES)
QUERIES |= example.QUERIES  # example


@dataclass
class World:
    """Something that is there for every parameter of a path."""

    factory: Factory
    resources: Resources
    users: Mapping[str, User]
    """Those who call, by what they are to the things that there are: `owner` has them."""
    ids: dict[str, UUID] = field(default_factory=dict)

    async def fill(self) -> None:
        """Make another user, and a thing of each kind: the owner's, if the owner is among those
        who call, else another user's.
        """
        other = await self.factory.user()
        owners = await self.factory.login(self.users.get("owner", other))
        claims = jwt.get_unverified_claims(owners.access_token)
        self.ids = {"user_id": other.id, "session_id": UUID(claims["sid"])}
        self.ids |= await example.make_ids(self, other)  # example

    async def add_rows(self, login: Login, count: int) -> None:
        """That many rows more in each list."""
        await self.factory.sessions(login.user, count)
        async with self.resources.database.transaction() as session:
            for scope_id in [*self.ids.values()] * count:
                activity = Activity(
                    actor_id=login.user.id,
                    action="user.updated",
                    resource_id=scope_id,
                    scope_id=scope_id,
                    request_id=None,
                    details={},
                )
                session.add(activity)
        await example.add_rows(self, login.user, count)  # example
