"""Registry of tags."""

from tests.projects.access import for_editors, for_members
from tests.support.registry import API, Entry, Registry
from tests.support.world import World
from tests.tags.factory import create_tag


async def add_resources(world: World) -> None:
    """Create a tag of the project."""
    world.ids["tag_id"] = (await create_tag(world.factory, world.ids["project_id"])).id


async def add_rows(world: World, count: int) -> None:
    """Add tags of the project."""
    for _ in range(count):
        await create_tag(world.factory, world.ids["project_id"])


TAGS = f"{API}/projects/{{project_id}}/tags"

registry = Registry(
    {
        f"GET {TAGS}": Entry(for_members(200), statements=3),
        f"POST {TAGS}": Entry(for_editors(201), body={"name": "Urgent"}),
        f"PATCH {TAGS}/{{tag_id}}": Entry(for_editors(200), body={"name": "Urgent"}),
        f"DELETE {TAGS}/{{tag_id}}": Entry(for_editors(204)),
    },
    add_resources=add_resources,
    add_rows=add_rows,
)
