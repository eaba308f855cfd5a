"""What the README shows of the example is what happens."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.readme import SESSIONS, served, type_again


def test_a_session_with_a_seeded_project_goes_as_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    [shown] = re.findall(r"-d password=(\S+)", SESSIONS[1])

    with served(tmp_path) as address:
        seed = [sys.executable, "-m", "app", "seed"]
        seeded = subprocess.run(seed, cwd=tmp_path, capture_output=True, text=True, check=True)
        password = seeded.stdout.split()[-1]
        session = f"$ api={address}/api/v1\n{SESSIONS[1]}"
        answers = list(type_again(session, address, {shown: password}))

    assert len(answers) > 3
    assert [(typed, expected) for typed, expected, _ in answers] == [
        (typed, came) for typed, _, came in answers
    ]
