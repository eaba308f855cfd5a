"""Server with a sampling profiler: `python -m benchmarks.sampled_server FILE PORT`.

It serves on PORT, and writes the number of samples of each part to FILE when it ends. After each
millisecond of processor time it counts the package of the innermost frame that belongs to a known
package, so that standard library and C code count for their caller. C code that the event loop
calls without a Python frame, such as the decoding of rows, counts for the loop. Sampling begins at
SIGUSR1, so that it excludes the start.
"""

import json
import signal
import sys
from collections import Counter
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FrameType

from app.cli import cli

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
"""Packages by the part of a request's work that they do."""

_counts: Counter[str] = Counter()


@cache
def part_of(module: str) -> str | None:
    """Return the part that a module belongs to, or None for an unknown package."""
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
    """Start sampling."""
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)


if __name__ == "__main__":
    signal.signal(signal.SIGPROF, note)
    signal.signal(signal.SIGUSR1, begin)
    # uvicorn raises the signal that stopped it again, which must not prevent writing the file.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        cli(["serve", "--port", sys.argv[2]], standalone_mode=False)
    Path(sys.argv[1]).write_text(json.dumps(_counts))
