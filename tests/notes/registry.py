"""Registry of notes."""

from tests.notes.factory import create_note
from tests.support.registry import API, Entry, Registry, for_owner, for_users
from tests.support.world import World


async def add_resources(world: World) -> None:
    """Create a note of the owner."""
    world.ids["note_id"] = (await create_note(world.factory, world.owner)).id


async def add_rows(world: World, count: int) -> None:
    """Add notes of the owner."""
    for _ in range(count):
        await create_note(world.factory, world.owner)


TEXT = ['""', '"  "', '"' + "x" * 5000 + '"']

registry = Registry(
    {
        f"GET {API}/notes": Entry(for_users(200), statements=2),
        f"POST {API}/notes": Entry(for_users(201), body={"title": "Groceries"}),
        f"GET {API}/notes/{{note_id}}": Entry(for_owner(200), statements=2),
        f"PATCH {API}/notes/{{note_id}}": Entry(
            for_owner(200), body={"title": "Errands"}, accepts={"body": TEXT}
        ),
        f"DELETE {API}/notes/{{note_id}}": Entry(for_owner(204)),
    },
    add_resources=add_resources,
    add_rows=add_rows,
)
