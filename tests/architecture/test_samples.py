"""Tests of rules that one sample cannot cover."""

import pytest

from tests.architecture.__main__ import SOURCE_RULES
from tests.architecture.docstring_rules import VERBS
from tests.architecture.project import ROOT
from tests.architecture.source import Module
from tests.architecture.word_rules import find_markers, find_words

RULES = {rule.name: rule for rule in SOURCE_RULES}


@pytest.mark.parametrize(
    ("name", "module", "message"),
    [
        ("files of a feature", Module("app/core/more.py", ""), "does not name its content"),
        ("features in order", Module("app/new/__init__.py", ""), "is not in `FEATURES`"),
        (
            "features in order",
            Module("app/core/clock.py", "from app import users\n"),
            "`core` must not import `users`",
        ),
        (
            "features in order",
            Module("app/users/models.py", "def f():\n    import app.accounts.models\n"),
            "`users` must not import `accounts`",
        ),
        (
            "imperative docstrings",
            Module("tests/x.py", '"""What is tested."""\n'),
            "begins with `What`",
        ),
        (
            "imperative docstrings",
            Module("app/x.py", 'class C:\n    """Those of a user."""\n'),
            "begins with `Those`",
        ),
        (
            "imperative docstrings",
            Module("benchmarks/x.py", 'LIMIT = 1\n"""How many there are."""\n'),
            "begins with `How`",
        ),
        (
            "imperative docstrings",
            Module("app/x.py", '@property\ndef p(self):\n    """Whether p."""\n'),
            "begins with `Whether`",
        ),
        (
            "imperative docstrings",
            Module("migrations/x.py", 'def f():\n    def g():\n        """All users."""\n'),
            "the docstring of `g` begins with `All`",
        ),
    ],
)
def test_a_rule_finds_the_violation_in_a_file(name: str, module: Module, message: str) -> None:
    [found] = RULES[name].check(module)

    assert message in str(found)


def test_test_functions_and_texts_that_are_not_docstrings_can_begin_with_any_word() -> None:
    source = 'def test_x():\n    """What it does."""\n\n\nf("""How many?""")\n"""Whether."""\n'

    assert list(RULES["imperative docstrings"].check(Module("tests/x.py", source))) == []


def test_the_verbs_are_sorted_and_unique() -> None:
    assert list(VERBS) == sorted(set(VERBS))


def test_a_phrase_that_continues_on_the_next_line_is_found() -> None:
    [(line, message)] = find_words("x\n# Redis is\n    # away\n", ROOT)

    assert line == 2
    assert message.endswith("such as by `is unavailable`")


@pytest.mark.parametrize("heading", ["# Example\n", "## First start\n", "# The lease ends\n"])
def test_a_heading_or_a_sentence_is_not_a_marker(heading: str) -> None:
    assert list(find_markers(heading, ROOT)) == []
