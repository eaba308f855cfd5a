"""README session about notes."""

from pathlib import Path

import pytest

from tests.contract.readme import SESSIONS, served, type_again
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database


def test_the_readme_session_with_a_note_has_the_responses_that_are_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    with served(tmp_path) as address:
        responses = list(type_again("".join(SESSIONS), address, {}))

    assert "/notes" in responses[-1][0]
    assert [shown for _, shown, _ in responses] == [received for _, _, received in responses]
