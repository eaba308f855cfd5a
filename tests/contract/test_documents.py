"""What `docs/` says is the case, and complete."""

import re
from collections import Counter
from pathlib import Path

import pytest

from app.core.migrations import ROOT
from tests.architecture.__main__ import RULES
from tests.contract.asvs import PAGE, REQUIREMENTS, RISKS, ROW, STATUSES, Row, rows
from tests.contract.documents import GENERATED, written_anew

ROWS = list(rows())
RULE_NAMES = {rule.name for rule in RULES}


def quoted(row: Row) -> list[str]:
    """What it names."""
    return re.findall(r"`([^`]+)`", row.reason)


def is_held_by_something(row: Row) -> bool:
    """Whether it names code, and what would notice: a test, a rule or a review."""
    paths = [path for path in quoted(row) if (ROOT / path).exists()]
    rules = re.findall(r'[Rr]ule "([^"]+)"', row.reason)
    tests = [path for path in paths if path.startswith("tests/")]
    noticed = tests or rules or "review" in row.reason
    return bool((len(paths) > len(tests) or rules) and noticed and set(rules) <= RULE_NAMES)


def missing_tests(row: Row) -> list[str]:
    """The tests that it names which are in no file that it names."""
    files = [path for path in quoted(row) if re.fullmatch(r"tests/.+\.py", path)]
    source = "".join((ROOT / path).read_text() for path in files)
    names = [name for name in quoted(row) if name.startswith("test_")]
    return [name for name in names if f"def {name}(" not in source]


@pytest.mark.parametrize("page", GENERATED, ids=lambda page: page.name)
def test_what_a_page_takes_from_elsewhere_is_of_today(page: Path) -> None:
    assert page.read_text() == written_anew(page), "run `make docs`"


def test_every_requirement_is_answered_once_and_no_other() -> None:
    answered = Counter(each for row in ROWS for each in row.ids)

    assert answered == Counter([*REQUIREMENTS, *RISKS])


def test_every_line_of_a_table_of_requirements_is_read_as_one() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if re.match(r"\| (API)?\d", line)]

    assert [line for line in lines if not ROW.fullmatch(line)] == []
    assert len(lines) == len(ROWS)


def test_a_requirement_has_a_status() -> None:
    assert [row.ids for row in ROWS if row.status not in STATUSES] == []


def test_what_is_held_is_held_by_code_and_a_test_or_by_review() -> None:
    held = [row for row in ROWS if row.status == "held"]

    assert len(held) > 50
    assert [row.ids for row in held if not is_held_by_something(row)] == []


def test_a_named_test_stands_in_a_named_file() -> None:
    assert [(row.ids, missing) for row in ROWS if (missing := missing_tests(row))] == []
