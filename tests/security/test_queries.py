"""What a request costs in statements, however many rows there are."""

from httpx import AsyncClient

from app.runtime.resources import Resources
from tests.factories import Factory, Login
from tests.observation import recorded_statements
from tests.routes import OPERATIONS
from tests.world import QUERIES, World

READING = [each for each in OPERATIONS if each.method == "GET" and each.is_authenticated]


async def count_statements(client: AsyncClient, world: World, login: Login) -> dict[str, int]:
    """How many statements each reading operation takes, for as many items as a page may have."""
    costs: dict[str, int] = {}
    for operation in READING:
        with recorded_statements(world.resources) as statements:
            response = await client.get(
                operation.path.format_map(world.ids),
                params={"limit": 100} if operation.takes("limit") else None,
                headers=login.headers,
            )
        assert response.status_code == 200, response.text
        # In no transaction on PostgreSQL: nothing would undo what they write, or hold their locks.
        assert all(each.startswith("SELECT") and " FOR " not in each for each in statements)
        costs[operation.id] = len(statements)
    return costs


async def test_a_hundred_rows_cost_every_operation_as_many_statements_as_one(
    client: AsyncClient, factory: Factory, resources: Resources
) -> None:
    login = await factory.admin()
    world = World(factory, resources, {"owner": login.user})
    await world.fill()
    await world.add_rows(login, 1)

    for_one = await count_statements(client, world, login)
    await world.add_rows(login, 99)
    for_a_hundred = await count_statements(client, world, login)

    assert for_one == for_a_hundred == QUERIES
