"""Entry point of `python -m app`."""

import os
import signal


def _end(number: int, _: object) -> None:
    """End the process with the exit status of a process that the signal kills."""
    os._exit(128 + number)


# The first process of a container ignores SIGTERM until it has a handler, and the import below
# takes a second.
signal.signal(signal.SIGTERM, _end)

from app.cli import cli  # noqa: E402 -- see above

cli(prog_name="python -m app")
