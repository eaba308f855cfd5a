"""Fixture of an empty database that a test migrates."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core.database_engine import create_engine
from tests.conftest import WORKER, empty_database
from tests.migrations.database import MigratedDatabase


@pytest.fixture
async def database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MigratedDatabase]:
    """Yield an empty database, to which the settings refer during the test."""
    async with empty_database(f"{WORKER}_migrations", tmp_path) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("SECRET_KEY", secrets.token_urlsafe(48))
        yield MigratedDatabase(create_engine(url, pool_size=1), tmp_path)
