"""Access to every operation by every kind of caller."""

import pytest
from httpx import AsyncClient

from app.core.ids import new_id
from app.runtime.resources import Resources
from app.users.models import Role
from tests.conftest import SavepointDatabase
from tests.support.factories import Factory, Login
from tests.support.operations import OPERATIONS, Operation, describe
from tests.support.registries import CALLERS, ENTRIES, create_world

ACCESS = {id_: entry.access for id_, entry in ENTRIES.items()}
FOR_ADMINS = [
    operation
    for operation in OPERATIONS
    if (ACCESS[operation.id].user, ACCESS[operation.id].admin // 100) == (403, 2)
]
HIDDEN = [
    operation
    for operation in OPERATIONS
    if operation.parameters and ACCESS[operation.id].user == 404
]


def test_operations_that_require_a_session_are_declared_so() -> None:
    require_session = {id_ for id_, access in ACCESS.items() if access.anonymous == 401}

    assert {
        operation.id for operation in OPERATIONS if operation.is_authenticated
    } == require_session


async def log_in(factory: Factory, caller: str) -> Login:
    """Return a session of a new user for the caller."""
    login = await factory.login(role=Role.ADMIN if caller == "admin" else Role.USER)
    if caller == "deactivated":
        await factory.deactivate(login.user)
    if caller == "revoked":
        await factory.end_sessions(login.user)
    return login


@pytest.mark.parametrize("operation", OPERATIONS, ids=describe)
async def test_each_caller_gets_the_status_of_the_registry(
    client: AsyncClient, factory: Factory, resources: Resources, operation: Operation
) -> None:
    logins = {caller: await log_in(factory, caller) for caller in CALLERS}
    callers = {caller: login.user for caller, login in logins.items()}
    world = await create_world(factory, resources, callers)
    entry = ENTRIES[operation.id]

    statuses: dict[str, int] = {}
    for caller, login in logins.items():
        assert isinstance(resources.database, SavepointDatabase)
        async with resources.database.undone():
            response = await client.request(
                operation.method,
                operation.path.format_map(world.ids),
                json=entry.body,
                data=entry.form,
                headers={} if caller == "anonymous" else login.headers,
            )
        statuses[caller] = response.status_code

    assert statuses == {caller: entry.access.status_for(caller) for caller in CALLERS}


@pytest.mark.parametrize("operation", FOR_ADMINS, ids=describe)
async def test_an_admin_operation_is_a_403_for_a_user_whatever_the_id(
    factory: Factory, login: Login, operation: Operation
) -> None:
    other = await factory.user()

    responses = [
        await login.request(operation.method, operation.path_with(id_))
        for id_ in (other.id, new_id(), "no id")
    ]

    assert [response.json()["code"] for response in responses] == ["permission_denied"] * 3
    assert [response.status_code for response in responses] == [403] * 3


@pytest.mark.parametrize("operation", HIDDEN, ids=describe)
async def test_a_resource_of_another_user_gets_the_same_404_as_an_unknown_one(
    factory: Factory, login: Login, resources: Resources, operation: Operation
) -> None:
    world = await create_world(factory, resources)
    unknown_ids = {name: new_id() for name in world.ids}

    foreign, unknown = [
        await login.request(
            operation.method, operation.path.format_map(ids), json=ENTRIES[operation.id].body
        )
        for ids in (world.ids, unknown_ids)
    ]

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert unknown.json()["code"] == "not_found"
    different = {"instance", "request_id"}
    assert {item for item in foreign.json().items() if item[0] not in different} == {
        item for item in unknown.json().items() if item[0] not in different
    }
