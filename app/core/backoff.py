"""How long to wait before something that failed is tried again."""

import random
from datetime import timedelta


def full_jitter(failures: int, *, first: timedelta, longest: timedelta) -> timedelta:
    """A random time below a bound that begins with `first` and doubles with each further failure,
    up to `longest`. It is random from nothing on, so that those who failed together spread.
    """
    bound = min(longest, first * 2 ** min(failures - 1, 30))
    return timedelta(seconds=random.uniform(0, bound.total_seconds()))  # noqa: S311 -- spreads load, guards nothing
