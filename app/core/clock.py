"""Current time. The only module that reads a clock."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time as an aware datetime in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return the seconds of a monotonic clock, to measure durations."""
    return time.perf_counter()
