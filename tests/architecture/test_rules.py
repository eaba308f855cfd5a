"""The rules hold, and each of them can fail."""

import re
from pathlib import Path

import pytest

from tests.architecture.__main__ import RULES, SOURCE_RULES, violations, violations_in_files
from tests.architecture.articles import copy_to
from tests.architecture.document_rules import RULES as DOCUMENT_RULES
from tests.architecture.rules import ROOT, DocumentRule, Module, SourceRule, TextRule
from tests.architecture.text_rules import RULES as TEXT_RULES

CONSTITUTION = (ROOT / "constitution.md").read_text()
STANDARDS = 68
"""How many bullets the backend specialist's standards have, but for those on how to answer."""


def describe(rule: object) -> str:
    return str(getattr(rule, "name", rule))


def module_in(rule: SourceRule, source: str) -> Module:
    """The source in a file where the rule holds."""
    layer = rule.layers[0] if rule.layers else "services"
    return Module("tests/x.py" if layer == "tests" else f"app/{layer}/x.py", source)


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


@pytest.mark.parametrize("rule", TEXT_RULES, ids=describe)
def test_a_text_that_breaks_the_rule_is_found_and_one_that_does_not_is_not(rule: TextRule) -> None:
    assert len(list(rule.find(rule.bad, ROOT))) == 3
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


@pytest.mark.parametrize("rule", RULES, ids=describe)
def test_the_edit_of_every_rule_still_applies(rule: SourceRule | DocumentRule | TextRule) -> None:
    assert rule.edit.old in (ROOT / rule.edit.path).read_text()


@pytest.mark.parametrize("rule", RULES, ids=describe)
def test_what_a_rule_points_to_is_there(rule: SourceRule | DocumentRule | TextRule) -> None:
    path, _, symbol = rule.see.partition(" ")

    source = (ROOT / path).read_text()
    for name in symbol.strip("`").split("."):
        assert name in source


ARTICLES = dict(re.findall(r"(?ms)^\*\*(\d+)\. (.+?)(?=^\*\*\d|^## |\Z)", CONSTITUTION))


def test_articles_are_numbered_without_a_gap_and_each_says_what_holds_it() -> None:
    assert list(ARTICLES) == [str(number) for number in range(1, len(ARTICLES) + 1)]
    assert [number for number, text in ARTICLES.items() if "*Held by*" not in text] == []


@pytest.mark.parametrize("rule", RULES, ids=describe)
def test_the_article_of_a_rule_names_it(rule: SourceRule | DocumentRule | TextRule) -> None:
    assert f'"{rule.name}"' in ARTICLES[str(rule.article)]


def test_every_rule_that_an_article_names_is_there() -> None:
    held = " ".join(re.findall(r"(?s)\*Held by\* rules? (.+?)[,;.\n]", CONSTITUTION))

    assert set(re.findall(r'"(.+?)"', held)) == {rule.name for rule in RULES}


def test_every_standard_has_an_article() -> None:
    _, _, index = CONSTITUTION.partition("## Where each standard stands")

    assert set(re.findall(r"\d+", index)) <= set(ARTICLES)
    assert len(re.findall(r"[:·] *(?:\d|asking)", index)) == STANDARDS
