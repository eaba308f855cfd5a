"""Isolation of tests from each other: process state that is restored when a test ends."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any

from app.core.config import Environment, Settings
from app.core.logging import configure_logging

SECRET = "lj0sAS5diSxmKRTtA66Y5-c_NHpjvw72a7G1yKgcjZHWcpLhSlCzmePvCNiq9r8k"
"""A secret key that production accepts."""


@contextmanager
def restored_logging() -> Iterator[None]:
    """Lines go again where they went before."""
    root, ours = logging.getLogger(), logging.getLogger("app")
    handlers, root_level, our_level = root.handlers, root.level, ours.level
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(root_level)
        ours.setLevel(our_level)


class Log:
    """What has been written to standard output."""

    def __init__(self, written: StringIO) -> None:
        self._written = written

    @property
    def text(self) -> str:
        """As it stands there."""
        return self._written.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Production's lines, parsed."""
        return [json.loads(line) for line in self.text.splitlines()]


@contextmanager
def captured_log(
    environment: Environment = Environment.PRODUCTION, level: str = "DEBUG"
) -> Iterator[Log]:
    """The log of that environment, but for the lines of the test's own client."""
    settings = Settings.model_construct(environment=environment, log_level=level)
    with restored_logging():
        with redirect_stdout(StringIO()) as written:
            configure_logging(settings)
        [handler] = logging.getLogger().handlers
        handler.addFilter(lambda record: record.name != "httpx")
        yield Log(written)
