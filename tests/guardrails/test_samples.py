"""Tests of violations that the sample of a rule does not show, and of what a rule allows."""

from pathlib import Path
from typing import Any

import pytest

from guardrails.document_rules import RULES as DOCUMENT_RULES
from guardrails.document_rules import (
    Document,
    find_leaked_fields,
    find_unbounded_input,
    find_unpaged_lists,
)
from guardrails.project import Project
from guardrails.registry import FILE_RULES, SOURCE_RULES
from guardrails.source import Module
from guardrails.text_rules import find_unlocked_dependencies
from guardrails.word_rules import find_words
from tests.architecture.project import PROJECT
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

RULES: dict[str, Any] = {rule.name: rule for rule in FILE_RULES}
LINES = PROJECT.max_lines_of_file
FUNCTION = 'def f():\n    """Do this."""\n'
SYNCHRONOUS = '@router.get("/x")\ndef read_x() -> X: ...\n'
ROUTE = '@router.get("/x")\nasync def read_x() -> X:\n    return {}\n'
VERSION = "migrations/versions/x.py"
ADDS_A_COLUMN = "def upgrade():\n    op.add_column('a', b)\n"
OFFSET = "async def get_page(self):\n    return select(X).limit(1).offset(2)\n"


def messages(name: str, path: str, source: str, project: Project = PROJECT) -> list[str]:
    """Return the messages of a rule about a file with this source."""
    [rule] = [rule for rule in SOURCE_RULES if rule.name == name]
    module = Module(path, source, project)
    return [message for _, message in rule.find(module)] if rule.applies_to(path, project) else []


@pytest.mark.parametrize(
    ("name", "path", "source", "message"),
    [
        ("application errors", "app/x/jobs.py", "raise KeyError\n", "`KeyError` is not an `AppErr"),
        ("application errors", "app/x/service.py", "raise json.JSONDecodeError()\n", "is not an"),
        ("asynchronous handlers", "app/x/router.py", SYNCHRONOUS, "`read_x` must be `async`"),
        ("bounded pages", "app/x/repository.py", OFFSET, "uses OFFSET"),
        ("environment", "app/x/jobs.py", "from os import environ\n", "`os.environ`: read"),
        (
            "no interpolated SQL",
            "app/x/jobs.py",
            "import sqlalchemy as sa\nsa.text('a' + b)\n",
            "composed string",
        ),
        (
            "no interpolated SQL",
            "app/x/jobs.py",
            "from sqlmodel import text\ntext('{}'.format(b))\n",
            "composed string",
        ),
        ("handlers without logic", "app/x.py", ROUTE.format("a or b"), "branches"),
        ("transactions", "app/x.py", "get_session(a).commit()\n", "begins or ends"),
        ("generated ids", "app/x.py", "class Numbered(Base):\n    id: int\n", "`new_id`"),
        ("typed secrets", "app/x.py", "class S(BaseSettings):\n    api_key: Key\n", "`SecretStr`"),
        ("real downgrades", VERSION, ADDS_A_COLUMN + "def downgrade(): ...\n", "not revert"),
        ("sleeps", "tests/x.py", "import time\ntime.sleep(1)\n", "waits for a fixed time"),
        ("sleeps", "tests/x.py", "import asyncio\nasyncio.sleep(delay=1)\n", "waits for a fixed"),
        ("small files", "app/x.py", "1\n" * (LINES + 1), "has 251 lines"),
        ("small functions", "app/x.py", FUNCTION + "    1\n" * 26, "26"),
        ("files of a feature", "app/core/more.py", "", "does not name its content"),
        ("files of a feature", "app/notes/web/service.py", "", "has no folders"),
        ("services without sessions", "app/x/throttle.py", "import sqlmodel\n", "must not import"),
        ("features in order", "app/new/__init__.py", "", "is not in `app/features.py`"),
        ("features in order", "app/core/x.py", "from app import users\n", "`core` must not import"),
        (
            "features in order",
            "app/users/models.py",
            "def f():\n    import app.accounts.models\n",
            "`users` must not import `accounts`",
        ),
        (
            "features in order",
            "app/users/models.py",
            "from ..accounts import models\n",
            "`users` must not import `accounts`",
        ),
        ("features in order", "app/core/x.py", "from .. import users\n", "`core` must not import"),
        ("imperative docstrings", "tests/x.py", '"""What is tested."""\n', "with `What`"),
        ("imperative docstrings", "app/x.py", 'class C:\n    """Those."""\n', "with `Those`"),
        ("imperative docstrings", "benchmarks/x.py", 'L = 1\n"""How many."""\n', "with `How`"),
        (
            "imperative docstrings",
            "app/x.py",
            '@property\ndef p(self):\n    """Whether p."""\n',
            "with `Whether`",
        ),
        (
            "imperative docstrings",
            "app/x.py",
            'def f():\n    def g():\n        """All."""\n',
            "of `g` begins with `All`",
        ),
    ],
)
def test_a_rule_finds_the_violation_in_a_file(
    name: str, path: str, source: str, message: str
) -> None:
    [found] = messages(name, path, source)

    assert message in found


@pytest.mark.parametrize(
    ("name", "path", "source"),
    [
        ("small files", "app/x.py", "1\n" * LINES),
        ("small functions", "app/x.py", FUNCTION + "    1\n" * 25),
        ("imperative docstrings", "tests/x.py", 'def test_x():\n    """What it does."""\n'),
        ("imperative docstrings", "tests/x.py", 'f("""How many?""")\n"""Whether."""\n'),
        ("application errors", "app/x/service.py", "raise NotImplementedError\n"),
        (
            "application errors",
            "app/x/service.py",
            "from app.users.errors import EmailTaken as E\nraise E\n",
        ),
        ("documented handlers", "app/x.py", '@x.get("a")\ndef f(): ...\n'),
        ("documented handlers", "app/x.py", '@router.get("/a", description="A.")\ndef f(): ...\n'),
        ("no interpolated SQL", "app/x.py", "from html import text\ntext(f'{a}')\n"),
        ("no interpolated SQL", "app/x.py", "from sqlmodel import text\ntext(f'a')\n"),
        ("relationships without lazy loading", "app/x.py", "relationship(lazy='selectin')\n"),
        ("flushes", "app/x.py", "sys.stdout.flush()\n"),
        ("environment", "app/core/config.py", "import os\nos.environ\n"),
        ("generated ids", "app/x.py", "class User(BaseModel):\n    id: UUID\n"),
        ("transactions", "app/x.py", "repository.commit()\n"),
        ("typed secrets", "app/x.py", "class S(BaseSettings):\n    limit_token: Policy\n"),
        ("typed secrets", "app/x.py", "class S(BaseSettings):\n    cookie_key: str = 'x'\n"),
        ("described settings", "app/x.py", "class S(BaseSettings):\n    a: int\n    'A.'\n"),
        ("handlers without logic", "app/x.py", ROUTE.format("where(A.id == 1)")),
        ("handlers without logic", "app/x.py", ROUTE.format("f(a or {})")),
        ("mocks", "tests/x.py", "from unittest.mock import ANY\n"),
        ("mocks", "tests/x.py", "from .mock import FakeMailer\n"),
        ("mocks", "tests/x.py", "from . import mock\nmock.FakeMailer\n"),
        ("features in order", "app/users/models.py", "from . import accounts\n"),
        ("time", "app/x.py", "from datetime import datetime\ndatetime.fromtimestamp(1, UTC)\n"),
        ("sleeps", "app/x.py", "import time\ntime.sleep(1)\n"),
        ("sleeps", "scripts/x.py", "import time\nasync def f():\n    time.sleep(1)\n"),
        (
            "real downgrades",
            VERSION,
            "def upgrade():\n    op.execute('')\ndef downgrade():\n    pass\n",
        ),
        ("sleeps", "app/x.py", "import asyncio\nasyncio.sleep(0)\n"),
        ("sleeps", "tests/x.py", "import asyncio\nasyncio.sleep(delay=0)\n"),
    ],
)
def test_a_rule_allows_a_file(name: str, path: str, source: str) -> None:
    assert messages(name, path, source) == []


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("blocks that compile", "```python\ndef f(:\n```\n", ["the block is not valid python"]),
        ("blocks that compile", "```klingon\nQapla\n```\n", ["`klingon` is not one of"]),
        (
            "existing names",
            "See `app/nowhere.py` and `NoSuchName`, then `make nothing`.",
            ["no file `app/nowhere.py`", "is named `NoSuchName`", "target for `make nothing`"],
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
        ("no credentials", "postgresql://app:PASSWORD@db/app\nSECRET_KEY=change-me\n", []),
        ("no credentials", "postgresql://app:app@db/app\nLIMIT_TOKEN=5/minute\n", []),
        (
            "no marker comments",
            "import x  # example\n// notes begin\n<!-- # example -->\n",
            ["`# example`", "`// notes begin`", "`<!-- # example -->`"],
        ),
        ("no marker comments", "# Example\n## First start\n# The lease ends\n", []),
        ("no marker comments", "# An example of a comment.\nx = 1  # for example\n", []),
        ("plain words", "The error is in a request. `file.tell()`, `login_storm`, telling.\n", []),
        ("plain words", "x\n# Redis is\n    # away\n", ["such as by `is unavailable`"]),
    ],
)
def test_a_rule_finds_only_the_violations_in_a_text(
    name: str, text: str, expected: list[str]
) -> None:
    found = [message for _, message in RULES[name].find(text, PROJECT)]

    assert [pair for pair in zip(expected, found, strict=True) if pair[0] not in pair[1]] == []


def test_a_name_that_is_only_in_the_tests_of_the_scaffold_does_not_exist() -> None:
    [test] = [module for module in PROJECT.modules if module.path.endswith("/test_renaming.py")]
    defined = "test_an_identifier_is_renamed_word_by_word"
    assert defined in test.source

    [(_, message)] = RULES["existing names"].find(f"`{defined}`", PROJECT)

    assert message == f"nothing in the code is named `{defined}`"


def document(schema: dict[str, Any]) -> Document:
    """Return a document with one operation, whose response has this schema."""
    responses = {"200": {"content": {"application/json": {"schema": schema}}}}
    operation = {"operationId": "xs-list_xs", "responses": responses}
    return {"paths": {"/xs": {"get": operation}}}


def test_a_page_without_the_parameters_of_pages_is_found() -> None:
    [(_, message)] = find_unpaged_lists(document({"properties": {"items": {}}}), PROJECT)

    assert message == "returns a page, but does not take `limit` and `cursor`"


def test_a_boolean_is_not_a_leaked_secret() -> None:
    fields = {"has_password": {"type": "boolean"}, "key_hash": {"type": "string"}}

    [(_, message)] = find_leaked_fields(document({"properties": fields}), PROJECT)

    assert message == "returns the field `key_hash`"


def test_a_lock_of_uv_contains_normalised_names(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text('[[package]]\nname = "typing-extensions"\n')
    text = '[project]\ndependencies = ["Typing_Extensions>=4", "absent"]\n'

    [(line, message)] = find_unlocked_dependencies(text, Project(tmp_path))

    assert (line, message) == (2, "absent is not in uv.lock: lock it with its hashes")


def test_the_line_of_an_unlocked_dependency_with_quotes_is_found(tmp_path: Path) -> None:
    marker = r"python_version < \"3.11\""
    text = f'[project]\nname = "tomli-x"\ndependencies = [\n  "tomli; {marker}",\n]\n'

    [(line, message)] = find_unlocked_dependencies(text, Project(tmp_path))

    assert (line, message.partition(" ")[0]) == (4, "tomli")


def test_a_lock_with_extras_is_a_lock(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("uvicorn[standard]==0.30 \\\n    --hash=sha256:0\n")
    text = '[project]\ndependencies = ["uvicorn[standard]"]\n'

    assert [*find_unlocked_dependencies(text, Project(tmp_path))] == []


@pytest.mark.parametrize("word", ["e.g.", "Shall", "and/or", "lies  in"])
def test_each_configured_word_is_found(tmp_path: Path, word: str) -> None:
    project = Project(tmp_path, words={word: "plain"})

    [(_, message)] = find_words(f"It {word} x.\n", project)

    assert message.endswith("such as by `plain`")


def test_a_type_that_contains_itself_is_checked_once(tmp_path: Path) -> None:
    reference = {"$ref": "#/components/schemas/Json"}
    alias = {"anyOf": [{"type": "string"}, {"type": "array", "items": reference}]}
    parameters = [{"name": "x", "schema": reference}]
    operation = {"operationId": "xs-list_xs", "parameters": parameters, "responses": {}}
    described = {
        "paths": {"/xs": {"get": operation}},
        "components": {"schemas": {"Json": alias}},
    }

    found = [message for _, message in find_unbounded_input(described, Project(tmp_path))]

    assert found == ["is a string without a maximum length", "is a list without a maximum length"]


def test_an_operation_without_a_json_response_or_an_id_breaks_no_rule(tmp_path: Path) -> None:
    operation = {"responses": {"200": {"content": {"text/html": {}}}}, "tags": [""]}

    for rule in DOCUMENT_RULES:
        found = rule.find({"paths": {"/x": {"get": operation, "summary": "X"}}}, Project(tmp_path))
        assert rule.name == "names" or [*found] == []
