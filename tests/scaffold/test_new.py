"""Tests of the parts of `make new`, which `scripts/with-new` runs as a whole."""

import subprocess
from pathlib import Path

import pytest

from scaffold import new
from scaffold.migrations import merge
from scaffold.new import Name, find_faults, rename_origin, users_of
from scaffold.texts import (
    decision,
    remove_names,
    short_readme,
    texts_about_features,
    without_block,
    without_features,
)
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

FIRST = '''"""First."""

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
TIME = 1
EXAMPLE_ROWS: dict[str, dict[str, object]] = {"a": {"id": TIME}, "b": {"id": 2}}


def upgrade() -> None:
    op.create_table("a", sa.Column("id", sa.Uuid()))
    op.create_index("ix", "b", ["id"])
    op.execute("""
        CREATE TRIGGER x
    """)


def downgrade() -> None:
    op.drop_index("ix", table_name="b")
    op.drop_table("a")
'''
SECOND = '''"""Second."""

from uuid import UUID

from alembic import op

revision: str = "x"
down_revision: str | None = "0001"
EXAMPLE_ROWS: dict[str, dict[str, object]] = {"c": {"id": UUID(int=1)}}


def upgrade() -> None:
    op.create_table("c")


def downgrade() -> None:
    op.drop_table("c")
'''
README = """# Old

About the original.

## Two commands
```sh
make run
```

## A request through a feature

`app/notes/` is one.

## Two minutes with curl

```console
$ curl $api/users
```

```console
$ curl $api/notes
```

The end.

`.venv/bin/python -m app seed` fills the database.

## Make it yours

`make new NAME=acme` turns a clone
into a service.

`make resource` adds a resource.

### Removing a feature
Delete it.

## Using it elsewhere

As a plugin.
"""
RECORD = """\
# 2. We do it

## Context
A reason.

## Rejected
Another way.

## Decision

This way (`docs/adr/0001-other.md`).

- Always.

## Consequences
None.
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("postgresql://plumbline_owner@db/plumbline", "postgresql://my_shop_owner@db/my_shop"),
        ("# Working on Plumbline", "# Working on My Shop"),
        (
            "function createPlumbline(url: string): Plumbline {",
            "function createMyShop(url: string): MyShop {",
        ),
        ("export type Plumbline = Client;", "export type MyShop = Client;"),
        ("import { type Plumbline, type A }", "import { type MyShop, type A }"),
        ("A reference FastAPI backend.", "A FastAPI backend."),
        (
            "A reference FastAPI backend: people and agents imitate its code. `constitution.md` has",
            "A FastAPI backend. `constitution.md` has",
        ),
    ],
)
def test_a_name_is_replaced_in_its_form_for_identifiers_people_and_types(
    before: str, after: str
) -> None:
    assert Name("my-shop").rename(before, Name("plumbline")) == after


@pytest.mark.parametrize(
    ("name", "example", "removed", "fault"),
    [
        ("Acme", "", set(), "give a name in lower case"),
        ("acme-", "", set(), "give a name in lower case"),
        ("1acme", "", set(), "give a name in lower case"),
        ("acme", "No", set(), "EXAMPLE=No is not possible"),
        ("acme", "no", {"unknown"}, "there is no feature `unknown`"),
        ("acme", "yes", {"users"}, "uses `users`: add it to WITHOUT, or keep `users`"),
        ("acme", "", {"notes"}, "`make resource` copies `notes`"),
    ],
)
def test_a_service_that_cannot_be_made_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, name: str, example: str, removed: set[str], fault: str
) -> None:
    monkeypatch.setattr(new, "git", lambda *_: "")

    assert fault in " ".join(find_faults(name, example, removed))


def test_a_clone_with_changes_or_a_finished_service_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(new, "git", lambda *_: " M app/main.py")
    monkeypatch.setattr(new, "UPSTREAM", tmp_path)

    own, changed = find_faults("acme", "", set())

    assert "is a service of your own already" in own
    assert "commit or stash your changes" in changed


def test_a_folder_that_is_not_a_git_repository_is_refused_with_the_message_of_git(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(new, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    [fault] = find_faults("acme", "", set())

    assert fault.startswith("run it in a clone")
    assert "not a git repository" in fault


def test_the_remote_origin_becomes_upstream_unless_there_is_an_upstream(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(new, "ROOT", tmp_path)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    assert [*rename_origin()] == []

    new.git("remote", "add", "origin", "https://example.com/original")
    [advice] = rename_origin()
    assert "`git remote add origin URL`" in advice
    assert new.git("remote", "--verbose").startswith("upstream\thttps://example.com/original")

    new.git("remote", "add", "origin", "https://example.com/own")
    assert [*rename_origin()] == []
    assert new.git("remote").split() == ["origin", "upstream"]


def test_a_command_gets_the_environment_of_the_user_without_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///own.db")

    environment = new.run("env").splitlines()

    assert "HOME=/home/ada" in environment
    assert [line for line in environment if line.startswith("DATABASE_URL=")] == []


def test_the_users_of_a_feature_are_the_features_and_tests_that_import_it() -> None:
    assert {"accounts", "support"} <= users_of("users")
    assert "users" not in users_of("users")


def test_merged_migrations_create_all_tables_in_order_except_the_removed_ones() -> None:
    merged = merge([SECOND, FIRST], without={"b"})

    compile(merged, "merged", "exec")
    upgrade, downgrade = merged.partition("def downgrade")[::2]
    assert upgrade.index('op.create_table("a"') < upgrade.index('op.create_table("c"')
    assert downgrade.index('op.drop_table("c"') < downgrade.index('op.drop_table("a"')
    assert "CREATE TRIGGER x" in upgrade
    assert '"b"' not in merged
    assert (merged.count("from alembic import op"), merged.count("TIME = 1")) == (1, 1)


def test_migrations_with_two_heads_or_different_constants_are_not_merged() -> None:
    with pytest.raises(ValueError, match="several heads"):
        merge([FIRST, SECOND, SECOND.replace('"x"', '"y"')], without=())
    with pytest.raises(ValueError, match="`TIME` different values"):
        merge([FIRST, SECOND.replace("revision:", "TIME = 2\nrevision:", 1)], without=())


def test_a_short_readme_has_the_commands_and_nothing_about_the_original() -> None:
    readme = short_readme(README, title="Acme", origin="Old 0.1.0", removed=())

    assert readme.startswith("# Acme\n\nMade from Old 0.1.0. ")
    assert "About the original" not in readme
    assert "make new" not in readme
    assert "plugin" not in readme
    assert readme.endswith(
        "## Make it yours\n\n`make resource` adds a resource.\n\n"
        "### Removing a feature\nDelete it.\n\n"
    )
    assert [text for text in ("make run", "/notes", "app seed") if text not in readme] == []


def test_a_short_readme_does_not_name_removed_features() -> None:
    readme = short_readme(README, title="Acme", origin="Old", removed={"seed"})

    assert "seed" not in readme
    assert "The end.\n\n## Make it yours" in readme


@pytest.mark.parametrize(
    ("removed", "before", "after"),
    [
        ({"seed"}, "with `IN=project` or `IN=task`: copy", "with `IN=project` or `IN=task`: copy"),
        ({"tasks"}, "with `IN=project` or `IN=task`: copy", "with `IN=project`: copy"),
        ({"tasks"}, "NAME=label, IN=project or IN=task, PLURAL", "NAME=label, IN=project, PLURAL"),
        ({"tags"}, "NAME=label, IN=project or IN=task, PLURAL", "NAME=label, PLURAL"),
        ({"tags"}, "`label`, with `IN=project` or `IN=task`: copy", "`label`: copy"),
        (
            {"tags"},
            "own, or with `IN=project` or `IN=task` for what belongs to one, and",
            "own, and",
        ),
        ({"tags"}, "own, with `IN=project` or `IN=task` one that belongs to it.", "own."),
        (
            {"tags"},
            "`notes`, or with `IN=project` or `IN=task`, which\ncopies `tags`. It",
            "`notes`.\nIt",
        ),
        (
            {"projects"},
            "| a | b |\n| role in a project | `c` |\n| d | e |\n",
            "| a | b |\n| d | e |\n",
        ),
        ({"projects"}, "the parent (its project: `access.get` with `A.B`); d", "the parent; d"),
    ],
)
def test_texts_lose_what_needs_a_removed_feature(
    removed: set[str], before: str, after: str
) -> None:
    assert without_features(before, removed) == after


@pytest.mark.parametrize(
    "file", texts_about_features(new.ROOT), ids=lambda file: file.relative_to(new.ROOT).as_posix()
)
def test_no_text_offers_a_resource_of_a_project_after_the_removal_of_the_example(
    file: Path,
) -> None:
    text = without_features(file.read_text(), new.EXAMPLE)

    assert "IN=project" not in text
    assert "`notes` or `tags`" not in text
    if file.name == "CLAUDE.md":
        assert "ProjectAccess" not in text
        assert "access.get" not in text


def test_a_decision_keeps_its_title_context_and_decision() -> None:
    assert decision(RECORD) == (
        "### We do it\n\n#### Context\nA reason.\n\n#### Decision\n\nThis way.\n\n- Always."
    )


@pytest.mark.parametrize(
    ("text", "number", "expected"),
    [
        ("| a |\n| b |\n| c |\n", 2, "| a |\n| c |\n"),
        ("- a\n  more\n- b\n  more\n- c\n", 4, "- a\n  more\n- c\n"),
        ("one\n\ntwo\nmore\nlast\n\nthree\n", 4, "one\n\n\nthree\n"),
    ],
)
def test_a_row_an_item_or_a_paragraph_is_removed_as_a_whole(
    text: str, number: int, expected: str
) -> None:
    assert without_block(text, number) == expected


def test_texts_lose_what_names_missing_files(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "CLAUDE.md").write_text("- `app/gone/`\n- `app/kept/`\n")
    (tmp_path / "docs" / "tour.md").write_text("- [gone](../gone.py#L1)\n- [page](tour.md)\n")
    findings = iter(["CLAUDE.md:1: there is no file `app/gone/` (article 39)\nREADME.md:9: x", ""])

    remove_names(tmp_path, lambda: next(findings))

    assert (tmp_path / "CLAUDE.md").read_text() == "- `app/kept/`\n"
    assert (tmp_path / "docs" / "tour.md").read_text() == "- [page](tour.md)\n"
