"""Tests of violations that the edit of a rule does not show, and of what a rule allows."""

import pytest

from tests.architecture.__main__ import SOURCE_RULES, TEXT_RULES
from tests.architecture.docstring_rules import VERBS
from tests.architecture.document_rules import find_unpaged_lists
from tests.architecture.project import ROOT
from tests.architecture.rules import Document
from tests.architecture.size_rules import MAX_LINES_OF_FILE, MAX_LINES_OF_FUNCTION
from tests.architecture.source import Module
from tests.architecture.word_rules import find_words
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

RULES = {rule.name: rule for rule in SOURCE_RULES}
RULES_OF_TEXTS = {rule.name: rule for rule in TEXT_RULES}
FUNCTION = 'def f():\n    """Do this."""\n'
SYNCHRONOUS = '@router.get("/x")\ndef read_x() -> X: ...\n'
OFFSET = "async def get_page(self):\n    return select(X).limit(1).offset(2)\n"


@pytest.mark.parametrize(
    ("name", "path", "source", "message"),
    [
        ("application errors", "app/x/jobs.py", "raise KeyError\n", "`KeyError` is not an `AppErr"),
        ("asynchronous handlers", "app/x/router.py", SYNCHRONOUS, "`read_x` must be `async`"),
        ("bounded pages", "app/x/repository.py", OFFSET, "uses OFFSET"),
        ("environment", "app/x/jobs.py", "from os import environ\n", "`os.environ`: read"),
        ("no interpolated SQL", "app/x/jobs.py", "text('a' + b)\n", "`text` of a composed string"),
        ("small files", "app/x.py", "1\n" * (MAX_LINES_OF_FILE + 1), "has 251 lines"),
        ("small functions", "app/x.py", FUNCTION + "    1\n" * (MAX_LINES_OF_FUNCTION + 1), "26"),
        ("files of a feature", "app/core/more.py", "", "does not name its content"),
        ("files of a feature", "app/notes/web/service.py", "", "has no folders"),
        (
            "errors of the framework",
            "app/x/jobs.py",
            "from fastapi import HTTPException\n",
            "raise",
        ),
        ("services without sessions", "app/x/throttle.py", "import sqlmodel\n", "must not import"),
        ("features in order", "app/new/__init__.py", "", "is not in `FEATURES`"),
        ("features in order", "app/core/x.py", "from app import users\n", "`core` must not import"),
        (
            "features in order",
            "app/users/models.py",
            "def f():\n    import app.accounts.models\n",
            "`users` must not import `accounts`",
        ),
    ],
)
def test_a_rule_finds_the_violation_in_a_file(
    name: str, path: str, source: str, message: str
) -> None:
    [found] = RULES[name].check(Module(path, source))

    assert message in str(found)


@pytest.mark.parametrize(
    ("path", "source", "message"),
    [
        ("tests/x.py", '"""What is tested."""\n', "begins with `What`"),
        ("app/x.py", 'class C:\n    """Those of a user."""\n', "begins with `Those`"),
        ("benchmarks/x.py", 'LIMIT = 1\n"""How many there are."""\n', "begins with `How`"),
        ("app/x.py", '@property\ndef p(self):\n    """Whether p."""\n', "begins with `Whether`"),
        ("app/x.py", 'def f():\n    def g():\n        """All."""\n', "of `g` begins with `All`"),
    ],
)
def test_a_docstring_begins_with_its_subject_or_a_verb(
    path: str, source: str, message: str
) -> None:
    [found] = RULES["imperative docstrings"].check(Module(path, source))

    assert message in str(found)


@pytest.mark.parametrize(
    ("name", "path", "source"),
    [
        ("small files", "app/x.py", "1\n" * MAX_LINES_OF_FILE),
        ("small functions", "app/x.py", FUNCTION + "    1\n" * MAX_LINES_OF_FUNCTION),
        ("imperative docstrings", "tests/x.py", 'def test_x():\n    """What it does."""\n'),
        ("imperative docstrings", "tests/x.py", 'f("""How many?""")\n"""Whether."""\n'),
    ],
)
def test_a_rule_allows_a_file(name: str, path: str, source: str) -> None:
    assert list(RULES[name].check(Module(path, source))) == []


@pytest.mark.parametrize(
    ("name", "text", "messages"),
    [
        ("blocks that compile", "```python\ndef f(:\n```\n", ["the block is not valid python"]),
        ("blocks that compile", "```klingon\nQapla\n```\n", ["the block is not valid klingon"]),
        (
            "existing names",
            "See `app/nowhere.py` and `NoSuchThing`, then `make nothing`.",
            ["no file `app/nowhere.py`", "is named `NoSuchThing`", "target for `make nothing`"],
        ),
        (
            "locked dependencies",
            '[project]\ndependencies = []\n[dependency-groups]\nnew = ["uv"]\n',
            ["uv is not in requirements-new.txt"],
        ),
        (
            "no credentials",
            "DATABASE_URL=postgresql://app:c0rrect-h0rse@db/app\n",
            ["a password in an address"],
        ),
        (
            "no marker comments",
            "import x  # example\n// notes begin\n<!-- # example -->\n",
            ["`# example`", "`// notes begin`", "`<!-- # example -->`"],
        ),
        ("no marker comments", "# Example\n## First start\n# The lease ends\n", []),
        ("no marker comments", "# An example of a comment.\nx = 1  # for example\n", []),
        ("plain words", "The error is in a request. `file.tell()`, `login_storm`, telling.\n", []),
    ],
)
def test_a_rule_finds_only_the_violations_in_a_text(
    name: str, text: str, messages: list[str]
) -> None:
    found = [message for _, message in RULES_OF_TEXTS[name].find(text, ROOT)]

    assert [pair for pair in zip(messages, found, strict=True) if pair[0] not in pair[1]] == []


def test_a_page_without_the_parameters_of_pages_is_found() -> None:
    page: Document = {"schema": {"properties": {"items": {}}}}
    responses = {"200": {"content": {"application/json": page}}}
    operation = {"operationId": "xs-list_xs", "responses": responses}

    [(_, message)] = find_unpaged_lists({"paths": {"/xs": {"get": operation}}})

    assert message == "returns a page, but does not take `limit` and `cursor`"


def test_the_verbs_are_sorted_and_unique() -> None:
    assert list(VERBS) == sorted(set(VERBS))


def test_a_phrase_that_continues_on_the_next_line_is_found() -> None:
    [(line, message)] = find_words("x\n# Redis is\n    # away\n", ROOT)

    assert line == 2
    assert message.endswith("such as by `is unavailable`")
