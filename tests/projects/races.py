"""Rounds and statuses of tests that send concurrent requests."""

import os
from collections import Counter
from collections.abc import Iterable

from httpx import Response

# SQLite has one writer at a time, so that a few rounds are enough.
ROUNDS = 50 if "TEST_DATABASE_URL" in os.environ else 5
FEW_ROUNDS = ROUNDS // 5


def count_statuses(responses: Iterable[Response]) -> Counter[int]:
    return Counter(response.status_code for response in responses)
