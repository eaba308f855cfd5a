"""Correctness and completeness of `docs/`."""

import re
from collections import Counter
from pathlib import Path

import pytest

from app.core.migrations import ROOT
from guardrails.registry import all_rules
from tests.architecture.project import PROJECT
from tests.contract.asvs import PAGE, REQUIREMENTS, RISKS, ROW, STATUSES, Row, rows
from tests.contract.documents import GENERATED, written_anew

ROWS = list(rows())
RULE_NAMES = {rule.name for rule in all_rules(PROJECT)}


def quoted(row: Row) -> list[str]:
    return re.findall(r"`([^`]+)`", row.reason)


def is_held_by_something(row: Row) -> bool:
    """Return True if the row names code, and a test, a rule or a review that checks it."""
    paths = [path for path in quoted(row) if (ROOT / path).exists()]
    rules = re.findall(r'[Rr]ule "([^"]+)"', row.reason)
    tests = [path for path in paths if path.startswith("tests/")]
    is_checked = tests or rules or "review" in row.reason
    return bool((len(paths) > len(tests) or rules) and is_checked and set(rules) <= RULE_NAMES)


def missing_tests(row: Row) -> list[str]:
    """Return the tests that the row names and that are in none of the files it names."""
    files = [path for path in quoted(row) if re.fullmatch(r"tests/.+\.py", path)]
    source = "".join((ROOT / path).read_text() for path in files)
    names = [name for name in quoted(row) if name.startswith("test_")]
    return [name for name in names if f"def {name}(" not in source]


@pytest.mark.parametrize("page", GENERATED, ids=lambda page: page.name)
def test_the_generated_part_of_a_page_is_up_to_date(page: Path) -> None:
    assert page.read_text() == written_anew(page), "run `make docs`"


def test_the_page_covers_every_requirement_exactly_once_and_no_other() -> None:
    covered = Counter(id_ for row in ROWS for id_ in row.ids)

    assert covered == Counter([*REQUIREMENTS, *RISKS])


def test_every_line_of_the_requirement_tables_is_parsed_as_a_row() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if re.match(r"\| (API)?\d", line)]

    assert [line for line in lines if not ROW.fullmatch(line)] == []
    assert len(lines) == len(ROWS)


def test_every_requirement_has_a_known_status() -> None:
    assert [row.ids for row in ROWS if row.status not in STATUSES] == []


def test_every_held_requirement_names_code_and_a_check_of_it() -> None:
    held = [row for row in ROWS if row.status == "held"]

    assert len(held) > 50
    assert [row.ids for row in held if not is_held_by_something(row)] == []


def test_every_named_test_is_defined_in_a_named_file() -> None:
    assert [(row.ids, missing) for row in ROWS if (missing := missing_tests(row))] == []
