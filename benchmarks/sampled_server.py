"""Serves on PORT and writes to FILE, when it ends, where the time went:
`python -m benchmarks.sampled_server FILE PORT`.

After each millisecond of processor time it notes whose code runs: that of the innermost frame of a
known package, so that a helper of the standard library, and what is written in C, count for their
caller. What the event loop calls in C without a frame of Python, such as the decoding of rows,
counts for the loop. It begins at SIGUSR1, so that the start is not among it.
"""

import json
import signal
import sys
from collections import Counter
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FrameType

from app import cli

INTERVAL_SECONDS = 0.001
PARTS = {
    "ORM": ("sqlalchemy", "sqlmodel", "greenlet"),
    "driver": ("asyncpg",),
    "framework": ("fastapi", "starlette", "uvicorn", "httptools"),
    "pydantic": ("pydantic", "pydantic_core"),
    "limits": ("limits", "slowapi"),
    "log": ("structlog", "logging"),
    "tokens": ("jose", "cryptography"),
    "ours": ("app",),
    "event loop": ("asyncio", "uvloop"),
}
"""Packages, by what they do for a request."""

_counts: Counter[str] = Counter()


@cache
def part_of(module: str) -> str | None:
    """The part that a module belongs to, if it is one of those above."""
    package = module.partition(".")[0]
    return next((part for part, packages in PARTS.items() if package in packages), None)


def note(_: int, frame: FrameType | None) -> None:
    """Count one sample."""
    while frame is not None:
        if part := part_of(frame.f_globals.get("__name__", "")):
            _counts[part] += 1
            return
        frame = frame.f_back
    _counts["rest"] += 1


def begin(*_: object) -> None:
    """Take samples from now on."""
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)


if __name__ == "__main__":
    signal.signal(signal.SIGPROF, note)
    signal.signal(signal.SIGUSR1, begin)
    # The server ends itself by the signal that stopped it; what follows has still to be done.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        cli.serve(port=int(sys.argv[2]))
    Path(sys.argv[1]).write_text(json.dumps(_counts))
