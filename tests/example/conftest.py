"""Fixtures: factories of projects."""

import pytest

from app.runtime.resources import Resources
from tests.example.factory import ProjectFactory


@pytest.fixture
def projects(resources: Resources) -> ProjectFactory:
    """Makes projects in the transaction of `client`."""
    return ProjectFactory(resources)


@pytest.fixture
def live_projects(live_resources: Resources) -> ProjectFactory:
    """Makes projects, committed."""
    return ProjectFactory(live_resources)
