"""SIGTERM soon after the start, which also ends a process that is the first one of a container."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.support.isolation import SECRET, needs_no_database

pytestmark = needs_no_database

MAX_SECONDS = 9
"""Time to end, in seconds. Much more than a process needs, and less than container engines wait."""
NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child"]


@cache
def as_first_process() -> list[str]:
    """Return the prefix of a command that runs it as process 1 of a namespace, without an init."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("needs the command unshare")
    command = NAMESPACE if os.geteuid() == 0 else [*NAMESPACE, "--map-root-user"]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("namespaces are not permitted")
    return command


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `python -m app` as the first process, with a line of output for each import."""
    command = [*as_first_process(), sys.executable, "-X", "importtime", "-m", "app", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Set a secret and the address of a database that never responds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("OUTBOX_EMBEDDED", "false")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("DATABASE_URL", f"postgresql://user@127.0.0.1:{port}/plumbline")
        yield


@pytest.mark.parametrize(
    ("command", "moment"),
    [
        ("serve", "typer"), ("serve", "fastapi"), ("serve", "Waiting for application startup"),
        ("worker", "sqlalchemy"), ("migrate", "alembic"),
    ],
)  # fmt: skip
def test_sigterm_soon_after_the_start_ends_the_first_process(command: str, moment: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    options = ["--port", port] if command == "serve" else []

    with started(command, *options) as process:
        assert process.stdout is not None
        assert any(moment in line for line in process.stdout)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()

        os.kill(int(children[0]), signal.SIGTERM)

        process.communicate(timeout=MAX_SECONDS)
        assert process.returncode in {0, 128 + signal.SIGTERM}
