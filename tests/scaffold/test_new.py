"""Tests of the parts of `make new`, which `scripts/with-new` runs as a whole."""

from pathlib import Path

import pytest

from scaffold import new
from scaffold.migrations import merge
from scaffold.new import Name, find_faults, users_of
from scaffold.texts import remove_names, short_readme, without_block
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

Call `make new`.

### Removing a feature
Delete it.
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
    ],
)
def test_a_name_is_replaced_in_its_form_for_identifiers_people_and_types(
    before: str, after: str
) -> None:
    assert Name("my-shop").rename(before, Name("plumbline")) == after


@pytest.mark.parametrize(
    ("name", "removed", "fault"),
    [
        ("Acme", set(), "give a name in lower case"),
        ("acme-", set(), "give a name in lower case"),
        ("1acme", set(), "give a name in lower case"),
        ("acme", {"unknown"}, "there is no feature `unknown`"),
        ("acme", {"users"}, "uses `users`: add it to WITHOUT, or keep `users`"),
    ],
)
def test_a_service_that_cannot_be_made_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, name: str, removed: set[str], fault: str
) -> None:
    monkeypatch.setattr(new, "git", lambda *_: "")

    assert fault in " ".join(find_faults(name, removed))


def test_a_clone_with_changes_or_a_finished_service_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(new, "git", lambda *_: " M app/main.py")
    monkeypatch.setattr(new, "UPSTREAM", tmp_path)

    own, changed = find_faults("acme", set())

    assert "is a service of your own already" in own
    assert "commit or stash your changes" in changed


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
    assert readme.endswith("## Removing a feature\nDelete it.\n")
    assert [text for text in ("make run", "/notes", "app seed") if text not in readme] == []


def test_a_short_readme_does_not_name_removed_features() -> None:
    readme = short_readme(README, title="Acme", origin="Old", removed={"notes", "seed"})

    assert "notes" not in readme
    assert "seed" not in readme
    assert "$api/users" in readme
    assert "The end." in readme


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
