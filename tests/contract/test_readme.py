"""What the README shows is what happens."""

from pathlib import Path

import pytest

from tests.contract.readme import SESSIONS, served, type_again


def test_a_first_session_goes_as_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    with served(tmp_path) as address:
        answers = list(type_again(SESSIONS[0], address, {}))

    assert len(answers) > 5
    assert [(typed, shown) for typed, shown, _ in answers] == [
        (typed, came) for typed, _, came in answers
    ]
