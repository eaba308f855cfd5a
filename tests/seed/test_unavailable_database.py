"""`python -m app seed` without a database."""

from pathlib import Path

import pytest

from tests.support.isolation import SECRET, invoke


def test_seed_reports_an_unavailable_database_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("DATABASE_URL", "postgresql:///x?host=/nowhere&user=ada")

    result = invoke("seed")

    assert result.exit_code == 1
    assert result.output.startswith("The database is unavailable: FileNotFoundError: ")
    assert result.output.count("\n") == 1
