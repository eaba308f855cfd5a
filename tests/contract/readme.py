"""Console sessions of the README, executed again."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.core.migrations import ROOT

README = (ROOT / "README.md").read_text()
SESSIONS = re.findall(r"(?ms)^```console\n(.+?)^```$", README)
STEP = re.compile(r"(?ms)^\$ (.+?)$\n(.*?)(?=^\$ |\Z)")
STABLE = ("title", "status", "detail", "code", "role", "name", "full_name", "email", "token_type")
"""Members whose values are the same in every run of the session."""


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """Run the service as `make run` does, in the given empty directory, and yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "app", "start", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=directory) as process:
        assert process.stdout is not None
        try:
            assert any("Uvicorn running" in line for line in process.stdout)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.stdout.read()


def type_again(session: str, address: str, known: dict[str, str]) -> Iterator[tuple[str, Any, Any]]:
    """Execute the session. Yield each command with a JSON response, as shown and as received.

    `known` maps values that the README shows to those of this run. Responses add to it.
    """
    assignments: list[str] = []
    for typed, shown in STEP.findall(session):
        command = typed.replace("http://127.0.0.1:8000", address)
        for value in sorted(known, key=len, reverse=True):
            command = command.replace(value, known[value])
        if re.fullmatch(r"\w+=\S+", command):
            assignments.append(command)
            continue
        output = subprocess.run(
            ["bash", "-e", "-c", "\n".join([*assignments, f"{command} --silent --noproxy '*'"])],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        body = shown.strip().splitlines()[-1] if shown.strip() else ""
        if body.startswith("{"):
            expected = json.loads(body.replace(",…}", "}"))
            actual = json.loads(output.splitlines()[-1])
            if body.endswith(",…}"):  # the README shows only the first members
                actual = {name: actual.get(name) for name in expected}
            known |= dict(_differing(expected, actual))
            yield typed, _form(expected), _form(actual)


def _differing(shown: Any, actual: Any) -> Iterator[tuple[str, str]]:
    """Yield each text that differs, as shown and as received."""
    if isinstance(shown, dict) and isinstance(actual, dict):
        for name in shown.keys() & actual.keys():
            yield from _differing(shown[name], actual[name])
    elif isinstance(shown, list) and isinstance(actual, list):
        for one, other in zip(shown, actual, strict=False):
            yield from _differing(one, other)
    elif isinstance(shown, str) and isinstance(actual, str) and len(shown) > 1 and shown != actual:
        yield shown, actual


def _form(value: Any, name: str = "") -> Any:
    """Return the value, with values that differ in every run replaced by their type's name."""
    if isinstance(value, dict):
        return {key: _form(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [_form(item, name) for item in value]
    return value if name in STABLE else type(value).__name__
