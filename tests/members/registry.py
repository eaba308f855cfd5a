"""Registry of members."""

from app.projects.models import MemberRole
from tests.projects.access import for_members, for_owners
from tests.projects.factory import create_member
from tests.support.registry import API, Entry, Registry
from tests.support.world import World

INVITEE = "invitee@example.com"


async def add_resources(world: World) -> None:
    """Create a user who can be added. The other user is a member already."""
    await world.factory.user(email=INVITEE, verified=True)


async def add_rows(world: World, count: int) -> None:
    """Add members of the project."""
    for _ in range(count):
        user = await world.factory.user()
        await create_member(world.factory, world.ids["project_id"], user, MemberRole.EDITOR)


MEMBERS = f"{API}/projects/{{project_id}}/members"

registry = Registry(
    {
        f"GET {MEMBERS}": Entry(for_members(200), statements=3),
        f"POST {MEMBERS}": Entry(
            for_owners(201), body={"email": INVITEE, "role": "viewer"}, limit="user_lookup"
        ),
        f"PATCH {MEMBERS}/{{user_id}}": Entry(for_owners(200), body={"role": "editor"}),
        f"DELETE {MEMBERS}/{{user_id}}": Entry(for_owners(204)),
    },
    add_resources=add_resources,
    add_rows=add_rows,
)
