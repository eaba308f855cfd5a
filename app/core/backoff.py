"""Delay before a failed operation is tried again."""

import random
from datetime import timedelta


def full_jitter(failures: int, *, first: timedelta, longest: timedelta) -> timedelta:
    """Return a random delay below a bound, which is `first` and doubles with each further failure.

    The bound is at most `longest`. The delay starts at zero, so that operations that failed at the
    same time are spread over the whole interval.
    """
    bound = min(longest, first * 2 ** min(failures - 1, 30))
    return timedelta(seconds=random.uniform(0, bound.total_seconds()))  # noqa: S311 -- spreads load, protects nothing
