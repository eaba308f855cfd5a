"""Bounds of the random wait after a failure."""

from datetime import timedelta

from app.core.backoff import full_jitter

FIRST, LONGEST = timedelta(seconds=10), timedelta(minutes=10)


def longest_of(failures: int) -> timedelta:
    """Return the longest of 2000 waits, which is close to the bound."""
    return max(full_jitter(failures, first=FIRST, longest=LONGEST) for _ in range(2000))


def test_the_bound_of_the_wait_doubles_with_each_failure_up_to_the_longest() -> None:
    bounds = [FIRST, 2 * FIRST, 4 * FIRST, LONGEST, LONGEST]

    waits = [longest_of(failures) for failures in (1, 2, 3, 7, 1000)]

    assert all(0.9 * bound < wait <= bound for wait, bound in zip(waits, bounds, strict=True))


def test_a_wait_may_be_much_shorter_than_its_bound() -> None:
    waits = [full_jitter(1, first=FIRST, longest=LONGEST) for _ in range(2000)]

    assert min(waits) < 0.1 * FIRST
