"""Who may call what: every operation by everyone. A route that the matrix lacks fails the suite."""

import pytest
from httpx import AsyncClient

from app.core.ids import new_id
from app.runtime.resources import Resources
from app.users.models import Role
from tests.access import FORMS
from tests.conftest import SavepointDatabase
from tests.factories import Factory, Login
from tests.routes import OPERATIONS, Operation
from tests.world import BODIES, CALLERS, MATRIX, World

FOR_ADMINS = [
    each for each in OPERATIONS if (MATRIX[each.id].user, MATRIX[each.id].admin // 100) == (403, 2)
]
HIDDEN = [each for each in OPERATIONS if each.parameters and MATRIX[each.id].user == 404]


def test_the_matrix_has_every_operation_and_no_other() -> None:
    assert {each.id for each in OPERATIONS} == MATRIX.keys()


def test_what_needs_a_log_in_says_so() -> None:
    needs_log_in = {id_ for id_, expected in MATRIX.items() if expected.anonymous == 401}

    assert {each.id for each in OPERATIONS if each.is_authenticated} == needs_log_in


async def log_in(factory: Factory, caller: str) -> Login:
    """The session of a caller."""
    login = await factory.login(role=Role.ADMIN if caller == "admin" else Role.USER)
    if caller == "deactivated":
        await factory.deactivate(login.user)
    if caller == "revoked":
        await factory.end_sessions(login.user)
    return login


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
async def test_everyone_gets_what_the_matrix_says(
    client: AsyncClient, factory: Factory, resources: Resources, operation: Operation
) -> None:
    logins = {caller: await log_in(factory, caller) for caller in CALLERS}
    world = World(factory, resources, {caller: login.user for caller, login in logins.items()})
    await world.fill()

    answered: dict[str, int] = {}
    for caller, login in logins.items():
        assert isinstance(resources.database, SavepointDatabase)
        async with resources.database.undone():
            response = await client.request(
                operation.method,
                operation.path.format_map(world.ids),
                json=BODIES.get(operation.id),
                data=FORMS.get(operation.id),
                headers={} if caller == "anonymous" else login.headers,
            )
        answered[caller] = response.status_code

    assert answered == {caller: MATRIX[operation.id].status_for(caller) for caller in CALLERS}


@pytest.mark.parametrize("operation", FOR_ADMINS, ids=lambda each: each.id)
async def test_users_get_403_on_admin_routes_before_any_look_up(
    client: AsyncClient, factory: Factory, operation: Operation
) -> None:
    login = await factory.login()
    other = await factory.user()

    responses = [
        await client.request(operation.method, operation.path_with(id_), headers=login.headers)
        for id_ in (other.id, new_id(), "no id")
    ]

    assert [response.json()["code"] for response in responses] == ["permission_denied"] * 3
    assert [response.status_code for response in responses] == [403] * 3


@pytest.mark.parametrize("operation", HIDDEN, ids=lambda each: each.id)
async def test_what_others_have_looks_like_what_never_was(
    client: AsyncClient, factory: Factory, resources: Resources, operation: Operation
) -> None:
    login = await factory.login()
    world = World(factory, resources, {})
    await world.fill()
    never_was = {name: new_id() for name in world.ids}

    foreign, unknown = [
        await client.request(
            operation.method,
            operation.path.format_map(ids),
            json=BODIES.get(operation.id),
            headers=login.headers,
        )
        for ids in (world.ids, never_was)
    ]

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    unlike = {"instance", "request_id"}
    assert {item for item in foreign.json().items() if item[0] not in unlike} == {
        item for item in unknown.json().items() if item[0] not in unlike
    }
