"""Tests of the check of the servers that the environment names."""

import pytest

from tests.support.isolation import needs_no_database
from tests.support.servers import find_unusable_server

pytestmark = needs_no_database


@pytest.mark.parametrize(
    ("name", "url", "reason"),
    [
        ("TEST_DATABASE_URL", "nonsense", "Could not parse"),
        ("TEST_DATABASE_URL", "mysql://x/x_test", "PostgreSQL"),
        ("TEST_DATABASE_URL", "sqlite:///x_test", "PostgreSQL"),
        ("TEST_DATABASE_URL", "postgresql://x@127.0.0.1:1/x", "must end in '_test'"),
        ("TEST_DATABASE_URL", "postgresql://x@127.0.0.1:1/x_test", "Connect call failed"),
        ("TEST_REDIS_URL", "nonsense", "scheme"),
        ("TEST_REDIS_URL", "redis://127.0.0.1:1", "Connect"),
    ],
)
def test_a_server_that_cannot_be_used_is_named_in_one_line_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str, reason: str
) -> None:
    monkeypatch.setenv(name, url)

    problem = find_unusable_server()

    assert problem is not None
    assert problem.startswith(f"{name} cannot be used: ")
    assert reason in problem
    assert "\n" not in problem


def test_without_servers_nothing_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TEST_DATABASE_URL", "TEST_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)

    assert find_unusable_server() is None
