"""Tests of what `make check` prints, given the output of its tools."""

import sys

import pytest

from tests.architecture.check import (
    CHECK_FORMAT,
    EVERYTHING,
    MAX_LINES,
    STATIC,
    Step,
    check,
    report,
    scope,
    steps_for,
)
from tests.architecture.failures import article_held_by, of_conformance, of_ruff, of_tests
from tests.architecture.selection import Selection
from tests.support.isolation import needs_no_database
from tests.support.observed_responses import UNOBSERVED

pytestmark = needs_no_database

PATH = "app/accounts/service.py"
IMPORTS = """
Contracts: 10 kept, 1 broken.


----------------
Broken contracts
----------------

Layers of a feature (example: app/notes/)
-----------------------------------------

app.accounts.service is not allowed to import app.accounts.router:

- app.accounts.service -> app.accounts.router (l.7)


"""
OUTPUTS = {
    "format": (f"{PATH}:160:1: unformatted: File would be reformatted", "run `make format`"),
    "lint": (f"{PATH}:3:8: F401 [*] `json` imported but unused", "(article 42; example: "),
    "rules": (
        f"{PATH}:3: only repositories build statements (article 4; example: x.py `X`)",
        "(article 4; example: x.py `X`)",
    ),
    "rules of the application": (
        f"{PATH}:3 x: no example (article 16; example: x.py `X`)",
        "(article 16; example: x.py `X`)",
    ),
    "types": (
        f'{PATH}:3: error: Name "x" is not defined  [name-defined]',
        "(article 38; example: ",
    ),
    "imports": (IMPORTS, "(article 1; example: "),
}


@pytest.mark.parametrize("step", [CHECK_FORMAT, *STATIC], ids=lambda step: step.name)
def test_a_failure_names_its_location_and_its_article(step: Step) -> None:
    output, expected = OUTPUTS[step.name]

    [failure] = step.failures(output)

    assert failure.startswith(PATH.removesuffix(".py").replace("/", ".")) or PATH in failure
    assert expected in failure


@pytest.mark.parametrize(
    ("code", "article"), [("S608", 18), ("S105", 35), ("DTZ005", 9), ("D102", 38), ("C901", 42)]
)
def test_a_code_of_ruff_belongs_to_the_article_that_names_it(code: str, article: int) -> None:
    [failure] = of_ruff(f"{PATH}:1:1: {code} Something")

    assert f"(article {article}" in failure


@pytest.mark.parametrize(
    ("path", "article"),
    [("tests/security/test_access.py", 17), ("tests/migrations/test_schema.py", 29)],
)
def test_a_failed_test_belongs_to_the_article_that_names_it_or_its_folder(
    path: str, article: int
) -> None:
    [failure] = of_tests(f"FAILED {path}::test_x - assert 1 == 2\n")

    assert failure.startswith(f"{path}::test_x - assert 1 == 2 (article {article}; example: ")


CONFORMANCE = """
=================================== FAILURES ===================================
______________________________ POST /api/v1/notes ______________________________
1. Test Case ID: o56j2Z

- ST202 Schema-valid request rejected

Reproduce with:

    curl -X POST -d '{}' http://127.0.0.1/api/v1/notes

=================================== SUMMARY ====================================
"""


def test_a_failure_of_schemathesis_names_the_operation_the_fault_and_the_request() -> None:
    [failure] = of_conformance(CONFORMANCE)

    request = "curl -X POST -d '{}' http://127.0.0.1/api/v1/notes"
    assert failure.startswith(f"POST /api/v1/notes: ST202 Schema-valid request rejected: {request}")
    assert "(article 16; example: " in failure


def test_a_response_that_no_test_receives_is_reported_with_its_article() -> None:
    unobserved = f"GET /notes: 409 `too_many_notes`: {UNOBSERVED}"

    lines = report(EVERYTHING[0], f"1 passed in 1.0s\n{unobserved}\n").splitlines()

    assert lines == ["tests:", f"{unobserved} {article_held_by('observed_responses')}"]
    assert "(article 16; example: " in lines[1]


def test_a_report_is_short_and_names_the_command_for_more() -> None:
    output = "\n".join(f"FAILED tests/x.py::test_{number:02} - assert 0" for number in range(30))

    lines = report(EVERYTHING[0], output).splitlines()

    assert len(lines) == MAX_LINES + 3
    assert lines[-2:] == [
        f"... and {30 - MAX_LINES} more",
        'Full output: make test PYTEST_ARGS="tests/x.py::test_00"',
    ]


def test_the_report_of_an_unknown_output_is_the_end_of_it() -> None:
    output = "\n".join(str(number) for number in range(100))

    lines = report(EVERYTHING[0], output).splitlines()

    assert lines == ["tests:", *map(str, range(100 - MAX_LINES, 100))]


def step(name: str, code: int) -> Step:
    """Return a step that prints its name and exits with the code."""
    script = f"import sys; print({name!r}); sys.exit({code})"
    return Step(name, (sys.executable, "-c", script), lambda output: iter([output.strip()]))


def test_failing_steps_are_reported_in_order_and_without_running_tests() -> None:
    lines = list(check([step("a", 1), step("b", 0), step("c", 1)], Selection))

    assert lines == ["a:\na", "c:\nc"]


def test_success_is_one_line() -> None:
    assert list(check([step("a", 0)], None)) == ["All checks passed: a"]


def test_a_part_of_the_suite_runs_on_both_databases_and_skips_other_operations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://x/x_test")
    monkeypatch.setenv("TEST_REDIS_URL", "redis://x")

    steps = steps_for(Selection(tests=("tests/users/test_x.py",), features=("users", "accounts")))

    sqlite, postgresql, conformance = steps[:3]
    assert sqlite.command[-2:] == postgresql.command[-2:]
    assert postgresql.command[-2:] == ("--features=users,accounts", "tests/users/test_x.py")
    assert "--unset=TEST_DATABASE_URL" in sqlite.command
    assert conformance.command[-1] == "--include-tag=users"


def test_a_change_that_no_test_reads_runs_no_tests() -> None:
    assert steps_for(Selection()) == []


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection("app/core/x.py changed"), "ran everything, because app/core/x.py changed"),
        (Selection(features=("a", "b")), "ran what the change of a, b can break; CI runs"),
        (Selection(tests=("x",)), "ran what the change can break; CI runs `make check-all`"),
    ],
)
def test_the_summary_says_what_ran_and_why(
    selection: Selection, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TEST_DATABASE_URL", "TEST_REDIS_URL"):
        monkeypatch.setenv(name, "x")

    assert scope(selection).startswith(expected)


def test_the_summary_says_that_a_database_was_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)

    assert "SQLite only: set TEST_DATABASE_URL and TEST_REDIS_URL" in scope(Selection("x"))
