"""Tests of what `make check` prints, given the output of its tools."""

import sys

import pytest

from tests.architecture.check import (
    FAST,
    LINT,
    MAX_LINES,
    TESTS,
    Step,
    article_held_by,
    check,
    failures_of_tests,
    report,
)
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
    "types": (
        f'{PATH}:3: error: Name "x" is not defined  [name-defined]',
        "(article 38; example: ",
    ),
    "imports": (IMPORTS, "(article 1; example: "),
}


@pytest.mark.parametrize("step", LINT, ids=lambda step: step.name)
def test_a_failure_names_its_location_and_its_article(step: Step) -> None:
    output, expected = OUTPUTS[step.name]

    [failure] = step.failures(output)

    assert failure.startswith(PATH.removesuffix(".py").replace("/", ".")) or PATH in failure
    assert expected in failure


@pytest.mark.parametrize(
    ("code", "article"), [("S608", 18), ("S105", 35), ("DTZ005", 9), ("D102", 38), ("C901", 42)]
)
def test_a_code_of_ruff_belongs_to_the_article_that_names_it(code: str, article: int) -> None:
    [lint] = [step for step in FAST if step.name == "lint"]

    [failure] = lint.failures(f"{PATH}:1:1: {code} Something")

    assert f"(article {article}" in failure


@pytest.mark.parametrize(
    ("path", "article"),
    [("tests/security/test_access.py", 17), ("tests/migrations/test_schema.py", 29)],
)
def test_a_failed_test_belongs_to_the_article_that_names_it_or_its_folder(
    path: str, article: int
) -> None:
    [failure] = failures_of_tests(f"FAILED {path}::test_x - assert 1 == 2\n")

    assert failure.startswith(f"{path}::test_x - assert 1 == 2 (article {article}; example: ")


def test_a_response_that_no_test_receives_is_reported_with_its_article() -> None:
    unobserved = f"GET /notes: 409 `too_many_notes`: {UNOBSERVED}"

    lines = report(TESTS, f"1 passed in 1.0s\n{unobserved}\n").splitlines()

    assert lines == ["tests:", f"{unobserved} {article_held_by('observed_responses')}"]
    assert "(article 16; example: " in lines[1]


def test_a_report_is_short_and_names_the_command_for_more() -> None:
    output = "\n".join(f"FAILED tests/x.py::test_{number:02} - assert 0" for number in range(30))

    lines = report(TESTS, output).splitlines()

    assert len(lines) == MAX_LINES + 3
    assert lines[-2:] == [
        f"... and {30 - MAX_LINES} more",
        'Full output: make test PYTEST_ARGS="tests/x.py::test_00"',
    ]


def test_the_report_of_an_unknown_output_is_the_end_of_it() -> None:
    output = "\n".join(str(number) for number in range(100))

    lines = report(TESTS, output).splitlines()

    assert lines == ["tests:", *map(str, range(100 - MAX_LINES, 100))]


def test_failing_steps_are_reported_in_order_and_without_running_the_suite() -> None:
    def step(name: str, code: int) -> Step:
        script = f"import sys; print({name!r}); sys.exit({code})"
        return Step(name, (sys.executable, "-c", script), lambda output: iter([output.strip()]))

    lines = list(check([step("a", 1), step("b", 0), step("c", 1)], tests=True))

    assert lines == ["a:\na", "c:\nc"]


def test_success_is_one_line() -> None:
    step = Step("a", (sys.executable, "-c", ""), lambda _: iter(()))

    assert list(check([step], tests=False)) == ["All checks passed: a"]
