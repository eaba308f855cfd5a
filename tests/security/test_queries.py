"""SQL statements of reads: their number, and which of them a stranger causes."""

import pytest
from httpx import AsyncClient

from app.runtime.resources import Resources
from tests.support.factories import Factory, Login
from tests.support.observation import recorded_statements
from tests.support.operations import OPERATIONS, Operation, describe
from tests.support.registries import ENTRIES, add_rows, create_world, operations_of
from tests.support.world import World

READS = [
    operation
    for operation in OPERATIONS
    if operation.method == "GET" and operation.is_authenticated
]
LISTS_OF_CHILDREN = [
    operation
    for operation in READS
    if operation.takes("limit") and ENTRIES[operation.id].access.user == 404
]


@pytest.fixture
def reads(pytestconfig: pytest.Config) -> list[Operation]:
    """Return the operations that read, only those of the option `--features` if it is set."""
    chosen = pytestconfig.getoption("features")
    ids = operations_of(chosen.split(",")) if chosen else ENTRIES
    return [read for read in READS if read.id in ids]


async def count_statements(
    client: AsyncClient, world: World, login: Login, reads: list[Operation]
) -> dict[str, int]:
    """Return the number of statements of each read, with the largest page of a list."""
    counts: dict[str, int] = {}
    for operation in reads:
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
    client: AsyncClient, factory: Factory, resources: Resources, reads: list[Operation]
) -> None:
    login = await factory.admin()
    world = await create_world(factory, resources, {"owner": login.user})
    registered = {read.id: ENTRIES[read.id].statements for read in reads}
    await add_rows(world, 1, operations=registered)

    for_one = await count_statements(client, world, login, reads)
    await add_rows(world, 99, operations=registered)
    for_a_hundred = await count_statements(client, world, login, reads)

    assert for_one == for_a_hundred == registered


@pytest.mark.parametrize("operation", LISTS_OF_CHILDREN, ids=describe)
async def test_a_list_reads_no_rows_for_a_user_without_access_to_their_parent(
    factory: Factory, login: Login, resources: Resources, operation: Operation
) -> None:
    world = await create_world(factory, resources)

    with recorded_statements(resources) as statements:
        response = await login.get(operation.path.format_map(world.ids))

    assert response.status_code == 404
    assert [text for text in statements if "LIMIT" in text] == []
