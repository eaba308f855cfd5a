"""Registry of accounts."""

from tests.support.factories import PASSWORD
from tests.support.registry import API, Access, Entry, Registry, for_admins, for_users, public
from tests.support.world import World


async def add_resources(world: World) -> None:
    """Set the id of a user."""
    world.ids["user_id"] = world.other.id


async def add_rows(world: World, count: int) -> None:
    """Add rows to the audit trail of each resource."""
    for scope_id in world.ids.values():
        await world.factory.activity(count, actor=world.owner, scope_id=scope_id)


registry = Registry(
    {
        f"POST {API}/users": Entry(
            public(201),
            body={"email": "new@example.com", "password": PASSWORD},
            limit="registration",
        ),
        f"GET {API}/users": Entry(for_admins(200), statements=2),
        f"GET {API}/users/me": Entry(for_users(200), statements=1),
        f"PATCH {API}/users/me": Entry(for_users(200), body={"full_name": "Ada"}),
        f"POST {API}/users/me/deletion": Entry(
            Access(anonymous=401, user=204, admin=409),
            body={"password": PASSWORD},
            limit="password_check",
        ),
        f"GET {API}/users/{{user_id}}": Entry(for_admins(200), statements=2),
        f"PATCH {API}/users/{{user_id}}": Entry(for_admins(200), body={"full_name": "Ada"}),
        f"DELETE {API}/users/{{user_id}}": Entry(for_admins(204)),
        f"GET {API}/users/{{user_id}}/activity": Entry(for_admins(200), statements=2),
    },
    add_resources=add_resources,
    add_rows=add_rows,
)
