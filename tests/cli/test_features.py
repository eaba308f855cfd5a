"""Features that each process knows."""

from collections.abc import Sequence

import pytest
from fastapi import FastAPI

from app.features import FEATURES, TABLES
from app.outbox.worker import Worker
from app.runtime.feature import Feature
from app.runtime.resources import Resources
from app.runtime.unit_of_work import UnitOfWork
from tests.support.isolation import invoke


def test_the_command_line_the_worker_and_the_server_know_the_same_features(
    app: FastAPI, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: dict[str, Sequence[Feature]] = {}

    async def note_worker(self: Worker) -> None:
        known["worker"] = self._resources.features

    async def note_command(unit: UnitOfWork) -> dict[str, int]:
        known["command line"] = unit.resources.features
        return {}

    monkeypatch.setenv("SECRET_KEY", "x" * 32)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr(Worker, "run", note_worker)
    monkeypatch.setattr("app.cli.database._purge", note_command)

    results = [invoke("worker"), invoke("purge")]
    server: Resources = app.state.opened
    known["server"] = server.features

    assert [result.exit_code for result in results] == [0, 0]
    assert known == dict.fromkeys(["worker", "command line", "server"], FEATURES)


def test_each_table_belongs_to_one_feature() -> None:
    names = [table.__tablename__ for feature in FEATURES for table in feature.tables]

    assert sorted(map(str, names)) == sorted(TABLES.tables)
