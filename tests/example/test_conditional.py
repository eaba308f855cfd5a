"""Conditional requests: ETag, If-None-Match and If-Match, on projects and on tasks."""

import pytest
from httpx import AsyncClient

from app.runtime.resources import Resources
from app.tags.models import Tag
from tests.example.factory import ProjectFactory
from tests.factories import API, Factory, Login
from tests.observation import overtaken

STALE = '"00000000000000000000000000000000"'

Change = tuple[str, str, dict[str, object] | None]


@pytest.fixture
async def login(factory: Factory) -> Login:
    return await factory.login()


@pytest.fixture
async def tag(projects: ProjectFactory, login: Login) -> Tag:
    return await projects.tag((await projects.project(login.user)).id)


@pytest.fixture
async def paths(projects: ProjectFactory, tag: Tag) -> dict[str, str]:
    """Where the project and a task of it are."""
    task = await projects.task(tag.project_id, tag)
    return {"project": f"{API}/projects/{tag.project_id}", "task": f"{API}/tasks/{task.id}"}


CHANGES: list[Change] = [
    ("project", "PATCH {project}", {"name": "Mill"}),
    ("project", "DELETE {project}", None),
    ("task", "PATCH {task}", {"title": "Order the mill"}),
    ("task", "PUT {task}/tags", {"tag_ids": []}),
    ("task", "DELETE {task}", None),
]


NOT_LOCKED = [each for each in CHANGES if each[1] != "DELETE {project}"]
"""Changes of what others may change between the look and the change."""


async def change(
    client: AsyncClient,
    paths: dict[str, str],
    request: str,
    body: dict[str, object] | None,
    headers: dict[str, str],
) -> tuple[int, str | None]:
    """The status of the change, and its code if it is refused."""
    method, path = request.format_map(paths).split()
    response = await client.request(method, path, json=body, headers=headers)
    return response.status_code, response.json()["code"] if response.is_error else None


class TestReading:
    @pytest.mark.parametrize("kind", ["project", "task"])
    async def test_the_tag_is_strong_and_private_caches_ask_again(
        self, client: AsyncClient, login: Login, paths: dict[str, str], kind: str
    ) -> None:
        response = await client.get(paths[kind], headers=login.headers)

        assert response.headers["ETag"].startswith('"')
        assert response.headers["Cache-Control"] == "private, no-cache, no-transform"

    @pytest.mark.parametrize("request_", ["GET {project}", "GET {task}", "HEAD {task}"])
    @pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
    async def test_what_the_client_has_is_not_sent_again(
        self, client: AsyncClient, login: Login, paths: dict[str, str], request_: str, form: str
    ) -> None:
        method, path = request_.format_map(paths).split()
        etag = (await client.request(method, path, headers=login.headers)).headers["ETag"]
        headers = {**login.headers, "If-None-Match": form.format(etag)}

        response = await client.request(method, path, headers=headers)

        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["ETag"] == etag
        assert response.headers["Cache-Control"] == "private, no-cache, no-transform"

    async def test_its_tags_may_come_in_several_lines(
        self, client: AsyncClient, login: Login, paths: dict[str, str]
    ) -> None:
        etag = (await client.get(paths["task"], headers=login.headers)).headers["ETag"]
        for name, method, status in [("If-None-Match", "GET", 304), ("If-Match", "DELETE", 204)]:
            lines = [*login.headers.items(), (name, STALE), (name, etag), (name, STALE)]

            response = await client.request(method, paths["task"], headers=lines)

            assert response.status_code == status

    @pytest.mark.parametrize("value", [STALE, "nonsense", ""])
    async def test_anything_else_is(
        self, client: AsyncClient, login: Login, paths: dict[str, str], value: str
    ) -> None:
        headers = {**login.headers, "If-None-Match": value}

        response = await client.get(paths["task"], headers=headers)

        assert response.status_code == 200

    async def test_a_stranger_learns_nothing_by_it(
        self, client: AsyncClient, factory: Factory, paths: dict[str, str]
    ) -> None:
        stranger = await factory.login()
        headers = {**stranger.headers, "If-None-Match": "*"}

        response = await client.get(paths["task"], headers=headers)

        assert response.status_code == 404

    async def test_the_tag_of_a_task_tells_of_all_that_it_shows(
        self, client: AsyncClient, login: Login, paths: dict[str, str], tag: Tag
    ) -> None:
        await client.patch(
            paths["task"], json={"assignee_id": str(login.user.id)}, headers=login.headers
        )
        seen = {(await client.get(paths["task"], headers=login.headers)).headers["ETag"]}

        for path, body in [
            (f"{paths['project']}/tags/{tag.id}", {"name": "Renamed"}),
            (f"{API}/users/me", {"full_name": "Ada Lovelace"}),
            (paths["task"], {"priority": 3}),
        ]:
            await client.patch(path, json=body, headers=login.headers)
            seen.add((await client.get(paths["task"], headers=login.headers)).headers["ETag"])

        assert len(seen) == 4


class TestWriting:
    @pytest.mark.parametrize(("kind", "request_line", "body"), CHANGES)
    @pytest.mark.parametrize("value", [STALE, f'{STALE}, "x"', f"W/{STALE}"])
    async def test_a_stale_tag_stops_it(
        self,
        client: AsyncClient,
        login: Login,
        paths: dict[str, str],
        kind: str,
        request_line: str,
        body: dict[str, object] | None,
        value: str,
    ) -> None:
        before = await client.get(paths[kind], headers=login.headers)

        refused = await change(
            client, paths, request_line, body, {**login.headers, "If-Match": value}
        )

        after = await client.get(paths[kind], headers=login.headers)
        assert refused == (412, "precondition_failed")
        assert after.json() == before.json()

    @pytest.mark.parametrize(("kind", "request_line", "body"), CHANGES)
    async def test_the_current_tag_only_weakly_stops_it(
        self,
        client: AsyncClient,
        login: Login,
        paths: dict[str, str],
        kind: str,
        request_line: str,
        body: dict[str, object] | None,
    ) -> None:
        etag = (await client.get(paths[kind], headers=login.headers)).headers["ETag"]

        refused = await change(
            client, paths, request_line, body, {**login.headers, "If-Match": f"W/{etag}"}
        )

        assert refused == (412, "precondition_failed")

    @pytest.mark.parametrize(("kind", "request_line", "body"), CHANGES)
    @pytest.mark.parametrize("form", ["{}", f"{STALE},{{}}", "*"])
    async def test_the_current_tag_lets_it_happen(
        self,
        client: AsyncClient,
        login: Login,
        paths: dict[str, str],
        kind: str,
        request_line: str,
        body: dict[str, object] | None,
        form: str,
    ) -> None:
        etag = (await client.get(paths[kind], headers=login.headers)).headers["ETag"]

        status, _ = await change(
            client, paths, request_line, body, {**login.headers, "If-Match": form.format(etag)}
        )

        assert status == (204 if body is None else 200)

    @pytest.mark.parametrize("value", ["nonsense", '"a" "b"', '"a",', "*, *", '"'])
    async def test_what_is_no_list_of_tags_is_refused(
        self, client: AsyncClient, login: Login, paths: dict[str, str], value: str
    ) -> None:
        headers = {**login.headers, "If-Match": value}

        response = await client.patch(paths["task"], json={"title": "x"}, headers=headers)

        assert response.status_code == 422
        assert response.json()["errors"][0]["parameter"] == "If-Match"

    async def test_the_tag_of_the_answer_is_good_for_the_next_change(
        self, client: AsyncClient, login: Login, paths: dict[str, str]
    ) -> None:
        headers = dict(login.headers)
        for title in ("one", "two", "three"):
            response = await client.patch(paths["task"], json={"title": title}, headers=headers)
            assert response.status_code == 200
            headers["If-Match"] = response.headers["ETag"]

    async def test_who_may_not_write_learns_nothing_by_it(
        self, client: AsyncClient, factory: Factory, paths: dict[str, str]
    ) -> None:
        stranger = await factory.login()
        headers = {**stranger.headers, "If-Match": STALE}

        response = await client.patch(paths["task"], json={"title": "x"}, headers=headers)

        assert response.status_code == 404

    async def test_a_rename_of_its_tag_makes_a_tag_of_a_task_stale(
        self, client: AsyncClient, login: Login, paths: dict[str, str], tag: Tag
    ) -> None:
        etag = (await client.get(paths["task"], headers=login.headers)).headers["ETag"]
        await client.patch(
            f"{paths['project']}/tags/{tag.id}", json={"name": "Renamed"}, headers=login.headers
        )

        refused = await change(
            client, paths, "PATCH {task}", {"title": "x"}, {**login.headers, "If-Match": etag}
        )

        assert refused == (412, "precondition_failed")

    @pytest.mark.parametrize(("kind", "request_line", "body"), NOT_LOCKED)
    async def test_who_is_overtaken_is_told(
        self,
        client: AsyncClient,
        login: Login,
        paths: dict[str, str],
        resources: Resources,
        kind: str,
        request_line: str,
        body: dict[str, object] | None,
    ) -> None:
        statement = f"{'DELETE FROM' if body is None else 'UPDATE'} {kind}s"
        faster = f"UPDATE {kind}s SET version = version + 1"
        etag = (await client.get(paths[kind], headers=login.headers)).headers["ETag"]

        with overtaken(resources, statement, faster):
            unaware = await change(client, paths, request_line, body, login.headers)
        with overtaken(resources, statement, faster):
            aware = await change(
                client, paths, request_line, body, {**login.headers, "If-Match": etag}
            )

        assert unaware == (409, "edit_conflict")
        assert aware == (412, "precondition_failed")
