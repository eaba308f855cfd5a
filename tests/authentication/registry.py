"""Registry of log-in and sessions."""

from uuid import UUID

from jose import jwt

from tests.support.registry import API, Entry, Registry, for_owner, for_users, public
from tests.support.world import World


async def add_resources(world: World) -> None:
    """Create a session of the owner."""
    login = await world.factory.login(world.owner)
    world.ids["session_id"] = UUID(jwt.get_unverified_claims(login.access_token)["sid"])


async def add_rows(world: World, count: int) -> None:
    """Add sessions of the owner."""
    await world.factory.sessions(world.owner, count)


registry = Registry(
    {
        f"POST {API}/auth/token": Entry(
            public(400),
            form={"grant_type": "refresh_token", "refresh_token": "unknown"},
            limit="token",
        ),
        f"POST {API}/auth/revoke": Entry(public(200), form={"token": "unknown"}, limit="token"),
        f"GET {API}/auth/sessions": Entry(for_users(200), statements=2),
        f"DELETE {API}/auth/sessions": Entry(for_users(204)),
        f"DELETE {API}/auth/sessions/{{session_id}}": Entry(for_owner(204)),
    },
    add_resources=add_resources,
    add_rows=add_rows,
)
