"""Tests that the code follows all rules, and that each rule can fail."""

import re
import subprocess
import sys
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.architecture.__main__ import (
    RULES,
    SOURCE_RULES,
    TEXT_RULES,
    violations,
    violations_in_files,
)
from tests.architecture.articles import copy_to
from tests.architecture.edits import Edit, NewFile, TextEdit, applied
from tests.architecture.mutations import MUTATIONS, Mutation
from tests.architecture.project import LAYERS, ROOT
from tests.architecture.rules import ApplicationRule, Rule, SourceRule, TextRule
from tests.architecture.source import Module, find
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

CONSTITUTION = (ROOT / "constitution.md").read_text()
CHECKS: list[Rule | Mutation] = [*RULES, *MUTATIONS]
ARTICLES = dict(re.findall(r"(?ms)^\*\*(\d+)\. (.+?)(?=^\*\*\d|^## |\Z)", CONSTITUTION))
PRINT_BROKEN_RULES = """
from tests.architecture.__main__ import violations_in_application
for violation in violations_in_application():
    print(violation.rule.name)
"""
STANDARDS = 68
"""Number of the backend specialist's standards, except those about the format of its responses."""
STANDARD = re.compile(r"([^;:()]+) \((agent|\d+(?:, \d+)*)\)")
"""Name of a standard in the index, and its articles."""


def describe(rule: object) -> str:
    return str(getattr(rule, "name", rule))


def test_the_code_follows_all_rules() -> None:
    assert [str(violation) for violation in violations()] == []


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of everything that the rules read."""
    return copy_to(tmp_path_factory.mktemp("copy"))


@pytest.mark.parametrize("rule", [*SOURCE_RULES, *TEXT_RULES], ids=describe)
def test_a_rule_finds_the_violation_in_the_edited_code(
    rule: SourceRule | TextRule, copy: Path
) -> None:
    with applied(rule.edit, copy):
        violations = list(violations_in_files({rule.edit.path}, copy))

    [found, *_] = [violation for violation in violations if violation.rule == rule]
    assert str(found).endswith(f"(article {rule.article}; example: {rule.example})")


def test_the_rules_about_the_application_find_the_violations_in_the_edited_code(
    copy: Path,
) -> None:
    rules = {rule.name: rule for rule in RULES if isinstance(rule, ApplicationRule)}
    command = [sys.executable, "-c", PRINT_BROKEN_RULES]
    with ExitStack() as edits:
        for rule in rules.values():
            edits.enter_context(applied(rule.edit, copy))
        output = subprocess.check_output(command, cwd=copy, env={}, text=True)

    assert set(output.splitlines()) == rules.keys()


@pytest.mark.parametrize("edit", [check.edit for check in CHECKS])
def test_the_edit_of_a_rule_or_a_mutation_changes_valid_code_to_valid_code(
    edit: Edit | TextEdit | NewFile,
) -> None:
    file = ROOT / edit.path
    before = file.read_text() if file.exists() else ""
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


@pytest.mark.parametrize(
    ("path", "layer"),
    [
        ("app/accounts/service.py", "service"),
        ("app/core/clock.py", "core"),
        ("app/main.py", "main"),
        ("tests/core/test_clock.py", "tests"),
    ],
)
def test_the_layer_of_a_module_is_its_file_name_or_its_folder(path: str, layer: str) -> None:
    assert Module(path, "").layer == layer


@pytest.mark.parametrize("rule", SOURCE_RULES, ids=describe)
def test_the_layers_of_a_rule_exist(rule: SourceRule) -> None:
    assert set(rule.layers) <= LAYERS


def test_every_article_held_by_a_command_has_a_rule_or_a_mutation() -> None:
    broken = {str(check.article) for check in CHECKS}
    by_review = {
        number for number, text in ARTICLES.items() if text.rstrip().endswith("*Held by* review.")
    }

    assert broken | by_review == set(ARTICLES)


@pytest.mark.parametrize("rule", RULES, ids=describe)
def test_the_example_of_a_rule_exists(rule: Rule) -> None:
    assert (ROOT / rule.example.partition(" ")[0]).is_file()


def test_the_example_of_an_article_is_that_of_one_of_its_rules() -> None:
    named = {rule.article: False for rule in RULES}
    for rule in RULES:
        see = ARTICLES[str(rule.article)].partition("*See*")[2].partition("*Held by*")[0]
        path, _, symbol = rule.example.partition(" ")
        quoted = set(re.findall("`(.+?)`", see))
        named[rule.article] |= bool(quoted & {path, symbol.strip("`")})

    assert [article for article, is_named in named.items() if not is_named] == []


def test_articles_are_numbered_without_a_gap_and_each_has_an_example_and_a_check() -> None:
    numbers = sorted(map(int, re.findall(r"(?m)^\*\*(\d+)\. ", CONSTITUTION)))
    labels = {tuple(re.findall(r"\*([A-Z][a-z]+(?: by)?)\*", text)) for text in ARTICLES.values()}

    assert numbers == list(range(1, len(numbers) + 1))
    assert labels == {("Why", "See", "Held by")}


@pytest.mark.parametrize("rule", RULES, ids=describe)
def test_the_article_of_a_rule_names_it(rule: Rule) -> None:
    assert f'"{rule.name}"' in ARTICLES[str(rule.article)]


def test_every_check_that_an_article_names_exists() -> None:
    named = {name for text in ARTICLES.values() for name in re.findall(r'"(.+?)"', text)}
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
    assert {n for _, articles in standards for n in re.findall(r"\d+", articles)} <= set(ARTICLES)
