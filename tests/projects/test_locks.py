"""Locks of changes in a project, and changes by an owner during the owner's removal."""

import asyncio
import os
from collections.abc import Callable, Iterable

import pytest
from httpx import Response
from sqlalchemy import Table, text
from sqlmodel.ext.asyncio.session import AsyncSession

from app.features import TABLES
from app.projects.models import MemberRole
from app.runtime.resources import Resources
from tests.projects.factory import create_member
from tests.support.factories import API, Factory, Login
from tests.support.operations import OPERATIONS, Operation, describe
from tests.support.registries import ENTRIES, create_world
from tests.support.world import World

Send = Callable[[Operation], asyncio.Task[Response]]
Remove = Callable[[], asyncio.Task[Response]]
CHANGES = [
    operation
    for operation in OPERATIONS
    if operation.method != "GET" and "viewer" in ENTRIES[operation.id].access.others
]
"""Changes of projects and their children, which owners may make."""
PARENTS = {"users", "projects", "memberships"}
CHILDREN = [table for table in TABLES.sorted_tables if table.name not in PARENTS]
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)

pytestmark = [
    pytest.mark.usefixtures("no_limits"),
    pytest.mark.skipif(
        "TEST_DATABASE_URL" not in os.environ, reason="SQLite has one writer, and no row locks"
    ),
]


@pytest.fixture
async def owner(live_factory: Factory) -> Login:
    return await live_factory.login()


@pytest.fixture
async def world(live_factory: Factory, live_resources: Resources, owner: Login) -> World:
    """Return the resources of a project of the owner."""
    return await create_world(live_factory, live_resources, {"owner": owner.user})


@pytest.fixture
def send(world: World, owner: Login) -> Send:
    """Return a function that starts a valid request of the owner."""

    def send(operation: Operation) -> asyncio.Task[Response]:
        path, body = operation.path.format_map(world.ids), ENTRIES[operation.id].body
        return asyncio.create_task(owner.request(operation.method, path, json=body))

    return send


@pytest.fixture
async def remove(live_factory: Factory, world: World, owner: Login) -> Remove:
    """Return a function that starts the removal of the owner by another owner."""
    other, project_id = await live_factory.login(), world.ids["project_id"]
    await create_member(live_factory, project_id, other.user, MemberRole.OWNER)
    path = f"{API}/projects/{project_id}/members/{owner.user.id}"
    return lambda: asyncio.create_task(other.delete(path))


async def lock(session: AsyncSession, tables: Iterable[Table]) -> None:
    """Lock all rows of the tables. Raise an error if another transaction has locked one."""
    connection = await session.connection()
    for table in tables:
        await connection.execute(table.select().with_for_update(nowait=True))


async def until_waiting(resources: Resources, *requests: asyncio.Task[Response]) -> None:
    """Return when each request has finished or waits for a lock."""
    async with asyncio.timeout(5), resources.database.transaction(read_only=True) as session:
        connection = await session.connection()
        waiting = -1
        while waiting != sum(not request.done() for request in requests):
            waiting = (await connection.execute(WAITING)).scalar_one()


@pytest.mark.parametrize("operation", CHANGES, ids=describe)
async def test_an_owner_changes_nothing_after_a_removal_during_the_wait_for_a_child(
    live_resources: Resources, send: Send, remove: Remove, operation: Operation
) -> None:
    async with live_resources.database.transaction() as session:
        await lock(session, CHILDREN)
        change = send(operation)
        await until_waiting(live_resources, change)
        removal = remove()
        await until_waiting(live_resources, change, removal)
        removed_first = removal.done() and not change.done()

    assert ((await change).status_code == 404) is removed_first
    assert (await removal).status_code in {204, 404}  # 404 after the deletion of the project


@pytest.mark.parametrize("operation", CHANGES, ids=describe)
async def test_an_owner_changes_nothing_after_a_removal_that_was_in_progress(
    live_resources: Resources, send: Send, remove: Remove, operation: Operation
) -> None:
    async with live_resources.database.transaction() as session:
        await lock(session, [TABLES.tables["memberships"]])
        removal = remove()
        await until_waiting(live_resources, removal)
        change = send(operation)
        await until_waiting(live_resources, removal, change)
        changed_first = change.done()

    assert (await change).is_success is changed_first
    assert (await removal).is_success


@pytest.mark.parametrize("operation", CHANGES, ids=describe)
async def test_a_change_locks_the_project_before_its_children(
    live_resources: Resources, send: Send, operation: Operation
) -> None:
    async with live_resources.database.transaction() as session:
        await lock(session, [TABLES.tables["projects"]])
        change = send(operation)
        await until_waiting(live_resources, change)

        assert not change.done()
        await lock(session, CHILDREN)

    assert (await change).is_success
