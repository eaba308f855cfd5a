"""How long something that failed is left alone."""

from datetime import timedelta

from app.core.backoff import full_jitter

FIRST, LONGEST = timedelta(seconds=10), timedelta(minutes=10)


def longest_of(failures: int) -> timedelta:
    """The longest of many waits, which is close to the bound."""
    return max(full_jitter(failures, first=FIRST, longest=LONGEST) for _ in range(2000))


def test_the_bound_doubles_up_to_the_longest() -> None:
    bounds = [FIRST, 2 * FIRST, 4 * FIRST, LONGEST, LONGEST]

    waits = [longest_of(failures) for failures in (1, 2, 3, 7, 1000)]

    assert all(0.9 * bound < wait <= bound for wait, bound in zip(waits, bounds, strict=True))


def test_any_time_below_the_bound_may_come() -> None:
    waits = [full_jitter(1, first=FIRST, longest=LONGEST) for _ in range(2000)]

    assert min(waits) < 0.1 * FIRST
