"""Isolation of tests from each other: process state that is restored when a test ends."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.core.config import Settings
from app.core.logging import configure_logging
from app.core.setting_group import Environment

needs_no_database = pytest.mark.skipif(
    "TEST_DATABASE_URL" in os.environ, reason="needs no database, so that it runs only with SQLite"
)

SECRET = "lj0sAS5diSxmKRTtA66Y5-c_NHpjvw72a7G1yKgcjZHWcpLhSlCzmePvCNiq9r8k"
"""Secret key that production accepts."""


@contextmanager
def restored_logging() -> Iterator[None]:
    """Restore the handlers and levels of the loggers at the end."""
    root, ours = logging.getLogger(), logging.getLogger("app")
    handlers, root_level, our_level = root.handlers, root.level, ours.level
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(root_level)
        ours.setLevel(our_level)


class Log:
    """Log that was written to standard output."""

    def __init__(self, written: StringIO) -> None:
        self._written = written

    @property
    def text(self) -> str:
        return self._written.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines, parsed as the JSON that production writes."""
        return [json.loads(line) for line in self.text.splitlines()]


def invoke(*arguments: str, typed: str | None = None) -> Result:
    """Run a command of the service, which starts its own event loop."""
    with restored_logging():
        return CliRunner().invoke(cli, arguments, input=typed, catch_exceptions=False)


@contextmanager
def captured_log(
    environment: Environment = Environment.PRODUCTION, level: str = "DEBUG"
) -> Iterator[Log]:
    """Yield the log as that environment writes it, without the lines of the test's HTTP client."""
    settings = Settings.model_construct(environment=environment, log_level=level)
    with restored_logging():
        with redirect_stdout(StringIO()) as written:
            configure_logging(settings)
        [handler] = logging.getLogger().handlers
        handler.addFilter(lambda record: record.name != "httpx")
        yield Log(written)
