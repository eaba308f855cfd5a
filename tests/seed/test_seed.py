"""`python -m app seed`."""

from importlib import import_module
from pathlib import Path

import pytest
from httpx import AsyncClient

from app.core.config import Settings
from app.projects.models import Membership, Project
from app.runtime.resources import Resources
from app.tasks.models import Task
from app.users.models import User
from tests.cli.test_cli import invoke_beside
from tests.support.factories import API, Factory, request_token


@pytest.fixture(autouse=True)
def environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings, live_resources: Resources
) -> pytest.MonkeyPatch:
    """Set the environment of the command. `live_resources` deletes the rows that it writes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", settings.secret_key.get_secret_value())
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    return monkeypatch


async def titles(client: AsyncClient, password: str) -> list[list[str]]:
    """Return the task titles of each project that the viewer sees, newest project first."""
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


async def test_seed_creates_a_project_with_members_who_can_log_in(
    live: AsyncClient, live_factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("app.seed.commands"), "BATCH", 20)

    result = await invoke_beside("seed", "--tasks", "50")

    password = result.stdout.split()[-1]
    [seen] = await titles(live, password)
    assert len(seen) == 50
    assert await live_factory.count(Task) == 50
    assert await live_factory.count(Membership) == 3


async def test_a_second_seed_creates_the_same_tasks_for_the_same_users(
    live: AsyncClient, live_factory: Factory
) -> None:
    await invoke_beside("seed", "--tasks", "30")

    result = await invoke_beside("seed", "--tasks", "30")

    first, second = await titles(live, result.stdout.split()[-1])
    assert first == second
    assert await live_factory.count(User) == 3


async def test_seed_can_create_a_project_without_tasks(live_factory: Factory) -> None:
    result = await invoke_beside("seed", "--tasks", "0")

    assert result.exit_code == 0
    assert (await live_factory.count(Project), await live_factory.count(Task)) == (1, 0)


async def test_seed_does_not_run_in_production(
    environment: pytest.MonkeyPatch, live_factory: Factory
) -> None:
    environment.setenv("ENVIRONMENT", "production")
    environment.setenv("PUBLIC_URL", "https://app.example.com")
    environment.setenv("ALLOW_SQLITE_IN_PRODUCTION", "true")
    environment.setenv("ALLOWED_HOSTS", "api.example.com")
    environment.setenv("MAIL_BACKEND", "smtp")

    result = await invoke_beside("seed")

    assert result.exit_code == 1
    assert "production" in result.stderr
    assert await live_factory.count(Project) == 0
