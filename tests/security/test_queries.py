"""Number of SQL statements of reads, which does not depend on the number of rows."""

from httpx import AsyncClient

from app.runtime.resources import Resources
from tests.support.factories import Factory, Login
from tests.support.observation import recorded_statements
from tests.support.operations import OPERATIONS
from tests.support.registries import ENTRIES, add_rows, create_world
from tests.support.world import World

READS = [
    operation
    for operation in OPERATIONS
    if operation.method == "GET" and operation.is_authenticated
]


async def count_statements(client: AsyncClient, world: World, login: Login) -> dict[str, int]:
    """Return the number of statements of each read, with the largest page of a list."""
    counts: dict[str, int] = {}
    for operation in READS:
        with recorded_statements(world.resources) as statements:
            response = await login.get(
                operation.path.format_map(world.ids),
                params={"limit": 100} if operation.takes("limit") else None,
            )
        assert response.status_code == 200, response.text
        # On PostgreSQL reads have no transaction, so they must neither write nor lock.
        assert all(text.startswith("SELECT") and " FOR " not in text for text in statements)
        counts[operation.id] = len(statements)
    return counts


async def test_reads_run_as_many_statements_for_a_hundred_rows_as_for_one(
    client: AsyncClient, factory: Factory, resources: Resources
) -> None:
    login = await factory.admin()
    world = await create_world(factory, resources, {"owner": login.user})
    await add_rows(world, 1)

    for_one = await count_statements(client, world, login)
    await add_rows(world, 99)
    for_a_hundred = await count_statements(client, world, login)

    registered = {operation.id: ENTRIES[operation.id].statements for operation in READS}
    assert for_one == for_a_hundred == registered
