"""Delay before a failed operation is retried."""

import random
from datetime import timedelta


def full_jitter(failures: int, *, first: timedelta, longest: timedelta) -> timedelta:
    """Return a random delay between zero and a bound.

    The bound is `first` after one failure. It doubles with each further failure, up to `longest`.
    Delays begin at zero, so that retries of simultaneous failures are spread over the interval.
    """
    bound = min(longest, first * 2 ** min(failures - 1, 30))
    return timedelta(seconds=random.uniform(0, bound.total_seconds()))  # noqa: S311 -- spreads load, protects nothing
