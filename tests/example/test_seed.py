"""`python -m app seed`."""

from pathlib import Path

import pytest
from httpx import AsyncClient

from app.core.config import Settings
from app.projects.models import Membership, Project
from app.runtime.resources import Resources
from app.tasks.models import Task
from app.users.models import User
from tests.example.factory import ProjectFactory
from tests.factories import API, request_token
from tests.test_cli import invoke_beside


@pytest.fixture(autouse=True)
def environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings, live_resources: Resources
) -> pytest.MonkeyPatch:
    """The suite's settings are given; what the command writes is deleted after the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", settings.secret_key.get_secret_value())
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    return monkeypatch


async def titles(client: AsyncClient, password: str) -> list[list[str]]:
    """The titles of the tasks of each project that the viewer sees, newest project first."""
    login = await request_token(client, "viewer@example.com", password)
    headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
    projects = (await client.get(f"{API}/projects", headers=headers)).json()["items"]
    pages = [
        await client.get(
            f"{API}/projects/{project['id']}/tasks", params={"limit": 100}, headers=headers
        )
        for project in projects
    ]
    return [[item["title"] for item in page.json()["items"]] for page in pages]


async def test_makes_a_project_that_its_people_can_log_in_to(
    live: AsyncClient, live_projects: ProjectFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.SEED_BATCH", 20)

    result = await invoke_beside("seed", "--tasks", "50")

    password = result.stdout.split()[-1]
    [seen] = await titles(live, password)
    assert len(seen) == 50
    assert await live_projects.count(Task) == 50
    assert await live_projects.count(Membership) == 3


async def test_makes_the_same_again_for_the_same_people(
    live: AsyncClient, live_projects: ProjectFactory
) -> None:
    await invoke_beside("seed", "--tasks", "30")

    result = await invoke_beside("seed", "--tasks", "30")

    first, second = await titles(live, result.stdout.split()[-1])
    assert first == second
    assert await live_projects.count(User) == 3


async def test_a_project_may_be_empty(live_projects: ProjectFactory) -> None:
    result = await invoke_beside("seed", "--tasks", "0")

    assert result.exit_code == 0
    assert (await live_projects.count(Project), await live_projects.count(Task)) == (1, 0)


async def test_leaves_production_alone(
    environment: pytest.MonkeyPatch, live_projects: ProjectFactory
) -> None:
    environment.setenv("ENVIRONMENT", "production")
    environment.setenv("PUBLIC_URL", "https://app.example.com")
    environment.setenv("ALLOW_SQLITE_IN_PRODUCTION", "true")
    environment.setenv("ALLOWED_HOSTS", "api.example.com")
    environment.setenv("MAIL_BACKEND", "smtp")

    result = await invoke_beside("seed")

    assert result.exit_code == 1
    assert "production" in result.stderr
    assert await live_projects.count(Project) == 0
