"""What `make check` says, from what its tools say."""

import sys

import pytest

from tests.architecture.check import (
    FAST,
    LINT,
    MAX_LINES,
    TESTS,
    Step,
    check,
    complaints_of_tests,
    report,
)

PATH = "app/services/users.py"
IMPORTS = """
Contracts: 10 kept, 1 broken.


----------------
Broken contracts
----------------

Layers: a request walks straight down (app/routers/users.py shows how)
----------------------------------------------------------------------

app.services is not allowed to import app.routers:

- app.services.users -> app.routers.users (l.7)


"""
SAYINGS = {
    "format": (f"{PATH}:160:1: unformatted: File would be reformatted", "run `make format`"),
    "lint": (f"{PATH}:3:8: F401 [*] `json` imported but unused", "(article 42)"),
    "rules": (
        f"{PATH}:3: only repositories build statements (article 4; right form: x.py `X`)",
        "(article 4; right form: x.py `X`)",
    ),
    "types": (f'{PATH}:3: error: Name "x" is not defined  [name-defined]', "(article 38)"),
    "imports": (IMPORTS, "(article 1; right form: `app/routers/users.py`"),
}


@pytest.mark.parametrize("step", LINT, ids=lambda step: step.name)
def test_a_complaint_says_where_and_names_its_article(step: Step) -> None:
    said, expected = SAYINGS[step.name]

    [complaint] = step.complaints(said)

    assert complaint.startswith(PATH.removesuffix(".py").replace("/", ".")) or PATH in complaint
    assert expected in complaint


@pytest.mark.parametrize(
    ("code", "article"), [("S608", 18), ("S105", 35), ("DTZ005", 9), ("D102", 38), ("C901", 42)]
)
def test_a_code_of_ruff_belongs_to_the_article_that_names_it(code: str, article: int) -> None:
    [lint] = [step for step in FAST if step.name == "lint"]

    [complaint] = lint.complaints(f"{PATH}:1:1: {code} Something")

    assert f"(article {article}" in complaint


@pytest.mark.parametrize(
    ("path", "article"),
    [("tests/security/test_access.py", 17), ("tests/migrations/test_schema.py", 29)],
)
def test_a_failed_test_belongs_to_the_article_that_names_it_or_its_folder(
    path: str, article: int
) -> None:
    [complaint] = complaints_of_tests(f"FAILED {path}::test_x - assert 1 == 2\n")

    assert complaint.startswith(f"{path}::test_x - assert 1 == 2 (article {article}; right form: ")


def test_a_report_is_short_and_says_how_to_see_more() -> None:
    output = "\n".join(f"FAILED tests/x.py::test_{number:02} - assert 0" for number in range(30))

    lines = report(TESTS, output).splitlines()

    assert len(lines) == MAX_LINES + 3
    assert lines[-2:] == [
        f"... and {30 - MAX_LINES} more",
        'All of it: make test PYTEST_ARGS="tests/x.py::test_00"',
    ]


def test_words_of_no_known_form_are_the_last_of_what_was_said() -> None:
    output = "\n".join(str(number) for number in range(100))

    lines = report(TESTS, output).splitlines()

    assert lines == ["tests:", *map(str, range(100 - MAX_LINES, 100))]


def test_all_steps_that_fail_are_told_in_their_order_and_the_suite_waits_for_them() -> None:
    def step(name: str, code: int) -> Step:
        script = f"import sys; print({name!r}); sys.exit({code})"
        return Step(name, (sys.executable, "-c", script), lambda said: iter([said.strip()]))

    told = list(check([step("a", 1), step("b", 0), step("c", 1)], tests=True))

    assert told == ["a:\na", "c:\nc"]


def test_success_is_one_line() -> None:
    step = Step("a", (sys.executable, "-c", ""), lambda _: iter(()))

    assert list(check([step], tests=False)) == ["All is well: a"]
