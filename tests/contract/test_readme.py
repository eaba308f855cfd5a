"""What the README shows is what happens."""

from pathlib import Path

import pytest

from app.core.migrations import ROOT
from tests.contract.readme import SESSIONS, served, type_again
from tests.isolation import enter_empty_environment


def test_a_first_session_goes_as_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    enter_empty_environment(monkeypatch, tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    with served(tmp_path) as address:
        answers = list(type_again(SESSIONS[0], address, {}))

    assert len(answers) > 5
    assert [(typed, shown) for typed, shown, _ in answers] == [
        (typed, came) for typed, _, came in answers
    ]
