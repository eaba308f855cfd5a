"""Registry of projects."""

from app.projects.models import MemberRole
from tests.projects.access import for_members, for_owners
from tests.projects.factory import create_member, create_project
from tests.support.registry import API, Entry, Registry, for_users
from tests.support.world import World


async def add_resources(world: World) -> None:
    """Create a project, with the callers and the other user as members."""
    founder = await world.factory.user()
    project = await create_project(world.factory, founder, viewer=world.other)
    for role in MemberRole:
        if role in world.callers:
            await create_member(world.factory, project.id, world.callers[role], role)
    world.ids["project_id"] = project.id


async def add_rows(world: World, count: int) -> None:
    """Add projects of the owner."""
    for _ in range(count):
        await create_project(world.factory, world.owner)


TEXT = ['""', '"  "', '"' + "x" * 5000 + '"']

registry = Registry(
    {
        f"GET {API}/projects": Entry(for_users(200), statements=2),
        f"POST {API}/projects": Entry(for_users(201), body={"name": "Analytical engine"}),
        f"GET {API}/projects/{{project_id}}": Entry(for_members(200), statements=2),
        f"PATCH {API}/projects/{{project_id}}": Entry(
            for_owners(200), body={"name": "Difference engine"}, accepts={"description": TEXT}
        ),
        f"DELETE {API}/projects/{{project_id}}": Entry(for_owners(204)),
        f"GET {API}/projects/{{project_id}}/activity": Entry(for_owners(200), statements=3),
    },
    callers=("editor", "viewer"),
    add_resources=add_resources,
    add_rows=add_rows,
)
