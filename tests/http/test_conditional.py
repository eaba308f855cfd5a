"""Conditional requests on each operation that supports them: If-None-Match and If-Match."""

from dataclasses import dataclass

import pytest
from httpx import AsyncClient, Response

from app.runtime.resources import Resources
from tests.support.factories import Factory, Login
from tests.support.operations import OPERATIONS, Operation, describe
from tests.support.registries import ENTRIES, create_world
from tests.support.world import World

STALE = '"00000000000000000000000000000000"'
READS = [operation for operation in OPERATIONS if operation.takes("If-None-Match")]
CHANGES = [operation for operation in OPERATIONS if operation.takes("If-Match")]


@dataclass
class Sender:
    """Client of the owner of the resources of the path."""

    client: AsyncClient
    login: Login
    world: World

    async def send(
        self, operation: Operation, *, login: Login | None = None, method: str = "", **headers: str
    ) -> Response:
        """Send a valid request with these headers, which are named like `If_Match`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(
            method or operation.method,
            operation.path.format_map(self.world.ids),
            json=ENTRIES[operation.id].body,
            headers={**(login or self.login).headers, **named},
        )

    async def etag(self, operation: Operation) -> str:
        """Return the current entity tag of the resource that the operation reads or changes."""
        [read] = [read for read in READS if operation.path.startswith(read.path)]
        etag: str = (await self.send(read)).headers["ETag"]
        return etag


@pytest.fixture
async def sender(
    client: AsyncClient, factory: Factory, login: Login, resources: Resources
) -> Sender:
    return Sender(client, login, await create_world(factory, resources, {"owner": login.user}))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
@pytest.mark.parametrize("read", READS, ids=describe)
async def test_a_read_with_a_matching_if_none_match_is_a_304(
    sender: Sender, read: Operation, form: str, method: str
) -> None:
    etag = await sender.etag(read)

    response = await sender.send(read, method=method, If_None_Match=form.format(etag))

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == etag
    assert response.headers["Cache-Control"] == "private, no-cache, no-transform"


@pytest.mark.parametrize("value", [STALE, "nonsense", ""])
@pytest.mark.parametrize("read", READS, ids=describe)
async def test_a_read_with_an_if_none_match_that_does_not_match_is_a_200_with_a_strong_entity_tag(
    sender: Sender, read: Operation, value: str
) -> None:
    response = await sender.send(read, If_None_Match=value)

    assert response.status_code == 200
    assert response.headers["ETag"].startswith('"')
    assert response.headers["Cache-Control"] == "private, no-cache, no-transform"


@pytest.mark.parametrize("change", CHANGES, ids=describe)
@pytest.mark.parametrize("form", [STALE, f'{STALE}, "x"', f"W/{STALE}", "W/{}"])
async def test_a_change_with_a_stale_or_weak_entity_tag_is_a_412(
    sender: Sender, change: Operation, form: str
) -> None:
    etag = await sender.etag(change)

    response = await sender.send(change, If_Match=form.format(etag))

    assert (response.status_code, response.json()["code"]) == (412, "precondition_failed")
    assert await sender.etag(change) == etag


@pytest.mark.parametrize("change", CHANGES, ids=describe)
@pytest.mark.parametrize("form", ["{}", f"{STALE},{{}}", "*"])
async def test_a_change_with_the_current_entity_tag_succeeds(
    sender: Sender, change: Operation, form: str
) -> None:
    response = await sender.send(change, If_Match=form.format(await sender.etag(change)))

    assert response.status_code == (200 if change.body_schema else 204)


@pytest.mark.parametrize(
    "change", [change for change in CHANGES if change.body_schema], ids=describe
)
async def test_the_entity_tag_of_a_changed_resource_is_valid_for_the_next_change(
    sender: Sender, change: Operation
) -> None:
    etag = await sender.etag(change)
    for _ in range(3):
        response = await sender.send(change, If_Match=etag)
        assert response.status_code == 200
        etag = response.headers["ETag"]

    assert etag == await sender.etag(change)


@pytest.mark.parametrize("change", CHANGES, ids=describe)
@pytest.mark.parametrize("value", ["nonsense", '"a" "b"', '"a",', "*, *", '"'])
async def test_an_if_match_that_is_not_a_list_of_entity_tags_is_a_422(
    sender: Sender, change: Operation, value: str
) -> None:
    response = await sender.send(change, If_Match=value)

    assert response.status_code == 422
    assert response.json()["errors"][0]["parameter"] == "If-Match"


@pytest.mark.parametrize("operation", READS + CHANGES, ids=describe)
async def test_a_conditional_request_of_a_stranger_is_a_404(
    sender: Sender, factory: Factory, operation: Operation
) -> None:
    conditions = {"If_None_Match": "*"} if operation in READS else {"If_Match": STALE}

    response = await sender.send(operation, login=await factory.login(), **conditions)

    assert response.status_code == 404
