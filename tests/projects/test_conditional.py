"""Conditional requests on projects: ETag, If-None-Match and If-Match."""

import pytest
from httpx import AsyncClient, Response

from app.runtime.resources import Resources
from tests.projects.factory import create_project
from tests.support.factories import API, Factory, Login
from tests.support.observation import overtaken

STALE = '"00000000000000000000000000000000"'

CHANGES = [("PATCH", {"name": "Mill"}), ("DELETE", None)]
Body = dict[str, str] | None


@pytest.fixture
async def login(factory: Factory) -> Login:
    return await factory.login()


@pytest.fixture
async def path(factory: Factory, login: Login) -> str:
    """Return the path of a project."""
    return f"{API}/projects/{(await create_project(factory, login.user)).id}"


@pytest.fixture
async def etag(client: AsyncClient, login: Login, path: str) -> str:
    """Return the current entity tag of the project."""
    etag: str = (await client.get(path, headers=login.headers)).headers["ETag"]
    return etag


def assert_failed(response: Response, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code)


class TestReading:
    async def test_an_entity_tag_is_strong_and_private_caches_must_revalidate(
        self, client: AsyncClient, login: Login, path: str
    ) -> None:
        response = await client.get(path, headers=login.headers)

        assert response.headers["ETag"].startswith('"')
        assert response.headers["Cache-Control"] == "private, no-cache, no-transform"

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
    async def test_a_matching_if_none_match_is_a_304(
        self, client: AsyncClient, login: Login, path: str, etag: str, method: str, form: str
    ) -> None:
        headers = {**login.headers, "If-None-Match": form.format(etag)}

        response = await client.request(method, path, headers=headers)

        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["ETag"] == etag
        assert response.headers["Cache-Control"] == "private, no-cache, no-transform"

    async def test_entity_tags_may_be_sent_in_several_headers(
        self, client: AsyncClient, login: Login, path: str, etag: str
    ) -> None:
        for name, method, status in [("If-None-Match", "GET", 304), ("If-Match", "DELETE", 204)]:
            lines = [*login.headers.items(), (name, STALE), (name, etag), (name, STALE)]

            response = await client.request(method, path, headers=lines)

            assert response.status_code == status

    @pytest.mark.parametrize("value", [STALE, "nonsense", ""])
    async def test_an_if_none_match_that_does_not_match_is_a_200(
        self, client: AsyncClient, login: Login, path: str, value: str
    ) -> None:
        response = await client.get(path, headers={**login.headers, "If-None-Match": value})

        assert response.status_code == 200

    async def test_if_none_match_of_a_stranger_is_a_404(
        self, client: AsyncClient, factory: Factory, path: str
    ) -> None:
        stranger = await factory.login()

        response = await client.get(path, headers={**stranger.headers, "If-None-Match": "*"})

        assert response.status_code == 404


class TestWriting:
    @pytest.mark.parametrize(("method", "body"), CHANGES)
    @pytest.mark.parametrize("form", [STALE, f'{STALE}, "x"', f"W/{STALE}", "W/{}"])
    async def test_a_change_with_a_stale_or_weak_entity_tag_is_a_412(
        self,
        client: AsyncClient,
        login: Login,
        path: str,
        etag: str,
        method: str,
        body: Body,
        form: str,
    ) -> None:
        headers = {**login.headers, "If-Match": form.format(etag)}

        response = await client.request(method, path, json=body, headers=headers)

        assert_failed(response, 412, "precondition_failed")
        assert (await client.get(path, headers=login.headers)).headers["ETag"] == etag

    @pytest.mark.parametrize(("method", "body"), CHANGES)
    @pytest.mark.parametrize("form", ["{}", f"{STALE},{{}}", "*"])
    async def test_a_change_with_the_current_entity_tag_succeeds(
        self,
        client: AsyncClient,
        login: Login,
        path: str,
        etag: str,
        method: str,
        body: Body,
        form: str,
    ) -> None:
        headers = {**login.headers, "If-Match": form.format(etag)}

        response = await client.request(method, path, json=body, headers=headers)

        assert response.status_code == (204 if body is None else 200)

    @pytest.mark.parametrize("value", ["nonsense", '"a" "b"', '"a",', "*, *", '"'])
    async def test_an_if_match_that_is_not_a_list_of_entity_tags_is_a_422(
        self, client: AsyncClient, login: Login, path: str, value: str
    ) -> None:
        headers = {**login.headers, "If-Match": value}

        response = await client.patch(path, json={"name": "x"}, headers=headers)

        assert response.status_code == 422
        assert response.json()["errors"][0]["parameter"] == "If-Match"

    async def test_the_entity_tag_of_a_response_is_valid_for_the_next_change(
        self, client: AsyncClient, login: Login, path: str
    ) -> None:
        headers = dict(login.headers)
        for name in ("one", "two", "three"):
            response = await client.patch(path, json={"name": name}, headers=headers)
            assert response.status_code == 200
            headers["If-Match"] = response.headers["ETag"]

    async def test_if_match_of_a_stranger_is_a_404(
        self, client: AsyncClient, factory: Factory, path: str
    ) -> None:
        stranger = await factory.login()
        headers = {**stranger.headers, "If-Match": STALE}

        response = await client.patch(path, json={"name": "x"}, headers=headers)

        assert response.status_code == 404

    async def test_an_update_after_a_concurrent_change_is_a_409_or_with_if_match_a_412(
        self, client: AsyncClient, login: Login, path: str, etag: str, resources: Resources
    ) -> None:
        faster = "UPDATE projects SET version = version + 1"
        if_match = {**login.headers, "If-Match": etag}

        with overtaken(resources, "UPDATE projects", faster):
            without = await client.patch(path, json={"name": "Mill"}, headers=login.headers)
        with overtaken(resources, "UPDATE projects", faster):
            precise = await client.patch(path, json={"name": "Mill"}, headers=if_match)

        assert_failed(without, 409, "edit_conflict")
        assert_failed(precise, 412, "precondition_failed")
