"""Fixtures: a project of a user, and a client of its tasks."""

import pytest
from httpx import AsyncClient

from app.projects.models import Project
from tests.projects.factory import create_project
from tests.support.factories import Factory, Login
from tests.tasks.lister import Lister


@pytest.fixture
async def project(factory: Factory, login: Login) -> Project:
    return await create_project(factory, login.user)


@pytest.fixture
def lister(client: AsyncClient, login: Login, project: Project) -> Lister:
    return Lister(client, login, project)
