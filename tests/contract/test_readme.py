"""Correctness of the sessions that the README shows."""

from pathlib import Path

import pytest

from tests.contract.readme import SESSIONS, served, type_again
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database


def test_the_first_session_has_the_responses_that_the_readme_shows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    with served(tmp_path) as address:
        responses = list(type_again(SESSIONS[0], address, {}))

    assert len(responses) > 2
    assert [(typed, shown) for typed, shown, _ in responses] == [
        (typed, received) for typed, _, received in responses
    ]
