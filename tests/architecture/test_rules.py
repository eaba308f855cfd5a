"""The rules hold, and each of them can fail."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.architecture.__main__ import RULES, SOURCE_RULES, violations, violations_in_files
from tests.architecture.articles import copy_to
from tests.architecture.document_rules import RULES as DOCUMENT_RULES
from tests.architecture.mutations import MUTATIONS
from tests.architecture.rules import (
    OUTSIDE,
    ROOT,
    DocumentRule,
    Edit,
    Module,
    Rule,
    SourceRule,
    TableRule,
    TextRule,
)
from tests.architecture.table_rules import RULES as TABLE_RULES
from tests.architecture.text_rules import RULES as TEXT_RULES

CONSTITUTION = (ROOT / "constitution.md").read_text()
ARTICLES = dict(re.findall(r"(?ms)^\*\*(\d+)\. (.+?)(?=^\*\*\d|^## |\Z)", CONSTITUTION))
STANDARDS = 68
"""How many bullets the backend specialist's standards have, but for those on how to answer."""


def describe(rule: object) -> str:
    return str(getattr(rule, "name", rule))


def module_in(rule: SourceRule, source: str) -> Module:
    """The source in a file where the rule holds."""
    layer = rule.layers[0] if rule.layers else "services"
    return Module(f"{layer}/x.py" if layer in OUTSIDE else f"app/{layer}/x.py", source)


def test_nothing_breaks_any_rule() -> None:
    assert [str(violation) for violation in violations()] == []


@pytest.mark.parametrize("rule", SOURCE_RULES, ids=describe)
def test_a_source_that_breaks_the_rule_is_found_and_one_that_does_not_is_not(
    rule: SourceRule,
) -> None:
    [found] = rule.check(module_in(rule, rule.bad))

    assert f"(article {rule.article}; right form: {rule.see})" in str(found)
    assert list(rule.check(module_in(rule, rule.good))) == []


@pytest.mark.parametrize("rule", DOCUMENT_RULES, ids=describe)
def test_a_document_that_breaks_the_rule_is_found_and_one_that_does_not_is_not(
    rule: DocumentRule,
) -> None:
    [found] = rule.check(rule.bad)

    assert f"(article {rule.article}; right form: {rule.see})" in str(found)
    assert list(rule.check(rule.good)) == []


@pytest.mark.parametrize("rule", TABLE_RULES, ids=describe)
def test_a_table_that_breaks_the_rule_is_found_and_one_that_does_not_is_not(
    rule: TableRule,
) -> None:
    [found] = rule.check(rule.bad)

    assert f"(article {rule.article}; right form: {rule.see})" in str(found)
    assert list(rule.check(rule.good)) == []


@pytest.mark.parametrize("rule", TEXT_RULES, ids=describe)
def test_a_text_that_breaks_the_rule_is_found_and_one_that_does_not_is_not(rule: TextRule) -> None:
    assert len(list(rule.find(rule.bad, ROOT))) > 1
    assert list(rule.find(rule.good, ROOT)) == []


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all that rules read."""
    return copy_to(tmp_path_factory.mktemp("copy"))


@pytest.mark.parametrize("rule", [*SOURCE_RULES, *TEXT_RULES], ids=describe)
def test_the_real_code_edited_to_break_the_rule_is_found(
    rule: SourceRule | TextRule, copy: Path
) -> None:
    path = copy / rule.edit.path
    before = path.read_text()

    rule.edit.apply(copy)
    try:
        found = list(violations_in_files({rule.edit.path}, copy))
    finally:
        path.write_text(before)

    assert rule.article in {violation.article for violation in found}


@pytest.mark.parametrize("edit", [each.edit for each in (*RULES, *MUTATIONS)])
def test_the_edit_that_breaks_an_article_still_applies(edit: Edit) -> None:
    assert edit.old in (ROOT / edit.path).read_text()


def test_every_article_that_a_command_holds_can_be_seen_broken() -> None:
    broken = {str(each.article) for each in (*RULES, *MUTATIONS)}
    by_review = {
        number for number, text in ARTICLES.items() if text.rstrip().endswith("*Held by* review.")
    }

    assert broken | by_review == set(ARTICLES)


@pytest.mark.parametrize("rule", RULES, ids=describe)
def test_what_a_rule_points_to_is_there(rule: Rule) -> None:
    path, _, symbol = rule.see.partition(" ")

    source = (ROOT / path).read_text()
    for name in symbol.strip("`").split("."):
        assert name in source


def test_articles_are_numbered_without_a_gap_and_each_says_what_holds_it() -> None:
    assert list(ARTICLES) == [str(number) for number in range(1, len(ARTICLES) + 1)]
    assert [number for number, text in ARTICLES.items() if "*Held by*" not in text] == []


@pytest.mark.parametrize("rule", RULES, ids=describe)
def test_the_article_of_a_rule_names_it(rule: Rule) -> None:
    assert f'"{rule.name}"' in ARTICLES[str(rule.article)]


def test_every_check_that_an_article_names_is_there() -> None:
    named = {name for text in ARTICLES.values() for name in re.findall(r'"(.+?)"', text)}
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = tuple(each["name"] for each in pyproject["tool"]["importlinter"]["contracts"])

    unknown = named - {rule.name for rule in RULES}
    assert [name for name in unknown if not any(each.startswith(name) for each in contracts)] == []


def test_every_standard_has_an_article() -> None:
    _, _, index = CONSTITUTION.partition("## Where each standard stands")

    assert set(re.findall(r"\d+", index)) <= set(ARTICLES)
    assert len(re.findall(r"[:·] *(?:\d|asking)", index)) == STANDARDS
