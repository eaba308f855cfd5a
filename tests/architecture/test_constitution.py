"""Completeness of the constitution, and the edits that show that its articles are checked."""

import ast
import re
import tomllib

import pytest

from guardrails.articles import read_articles
from guardrails.registry import all_rules
from guardrails.rules import Rule
from tests.architecture.edits import Edit, TextEdit
from tests.architecture.mutations import MUTATIONS
from tests.architecture.project import PROJECT, ROOT, definitions, find
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

ARTICLES = read_articles(PROJECT)
RULES = all_rules(PROJECT)
CONSTITUTION = (ROOT / "constitution.md").read_text()
STANDARDS = 68
"""Number of the backend specialist's standards, except those about the format of its responses."""
STANDARD = re.compile(r"([^;:()]+) \((agent|\d+(?:, \d+)*)\)")
"""Name of a standard in the index, and its articles."""


def describe(rule: object) -> str:
    return str(getattr(rule, "name", rule))


@pytest.mark.parametrize("edit", [mutation.edit for mutation in MUTATIONS])
def test_the_edit_of_a_mutation_changes_valid_code_to_valid_code(
    edit: Edit | TextEdit,
) -> None:
    before = (ROOT / edit.path).read_text()
    after = edit.changed(before)

    assert after != before
    if edit.path.endswith(".py"):
        compile(after, edit.path, "exec")


@pytest.mark.parametrize(
    ("name", "message"),
    [("NoSuchThing", "Nothing defines"), ("router", "several times"), ("nowhere:User", "Nothing")],
)
def test_a_symbol_without_exactly_one_definition_is_an_error(name: str, message: str) -> None:
    with pytest.raises(LookupError, match=message):
        find(name)


def test_articles_are_numbered_without_a_gap_and_each_is_parsed() -> None:
    numbers = sorted(map(int, re.findall(r"(?m)^\*\*(\d+)\. ", CONSTITUTION)))

    assert numbers == list(range(1, len(numbers) + 1)) == sorted(ARTICLES)


def test_every_article_held_by_a_command_has_a_rule_or_a_mutation() -> None:
    broken = {rule.article for rule in RULES} | {mutation.article for mutation in MUTATIONS}
    by_review = {number for number, one in ARTICLES.items() if one.held_by == "review."}

    assert broken | by_review == set(ARTICLES)


@pytest.mark.parametrize("number", ARTICLES)
def test_the_examples_of_an_article_exist(number: int) -> None:
    [*examples] = re.findall(r"`([\w./-]+)`(?: `([\w.]+)`)?", ARTICLES[number].see)

    assert examples
    for path, symbol in examples:
        assert (ROOT / path).is_file()
        if symbol:
            assert definitions(ast.parse((ROOT / path).read_text()), symbol)


@pytest.mark.parametrize("rule", RULES, ids=describe)
def test_the_article_of_a_rule_names_it(rule: Rule) -> None:
    assert f'"{rule.name}"' in ARTICLES[rule.article].held_by


def test_every_check_that_an_article_names_exists() -> None:
    named = {name for one in ARTICLES.values() for name in re.findall(r'"(.+?)"', one.held_by)}
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = [contract["name"] for contract in pyproject["tool"]["importlinter"]["contracts"]]

    unknown = named - {rule.name for rule in RULES}
    contracts_found = {name for name in unknown for known in contracts if known.startswith(name)}
    assert unknown == contracts_found


def test_every_standard_is_named_once_with_articles_that_exist() -> None:
    _, _, index = CONSTITUTION.partition("## Index of the standards")
    standards = [
        (name.strip(), articles) for name, articles in STANDARD.findall(" ".join(index.split()))
    ]

    assert len({name for name, _ in standards}) == len(standards) == STANDARDS
    assert {int(n) for _, text in standards for n in re.findall(r"\d+", text)} <= set(ARTICLES)
