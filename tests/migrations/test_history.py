"""Errors about migrations that do not form one history."""

import runpy
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from anyio import to_thread
from sqlalchemy import text

from app.core import migrations
from app.core.revisions import read_history
from guardrails.project import read_project
from tests.architecture.migration_rules import HISTORY
from tests.migrations.database import MigratedDatabase
from tests.support.isolation import invoke

NEWEST = migrations.newest_revision()

WriteMigration = Callable[[str, str], None]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the root of a copy of the migrations, which the commands read."""
    monkeypatch.setenv("SECRET_KEY", secrets.token_urlsafe(48))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    shutil.copytree(migrations.ROOT / "migrations", tmp_path / "migrations")
    shutil.copy(migrations.ROOT / "alembic.ini", tmp_path)
    monkeypatch.setattr(migrations, "ROOT", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))  # as Alembic does, which does not undo it
    migrations.known_revisions.cache_clear()
    yield tmp_path
    migrations.known_revisions.cache_clear()


@pytest.fixture
def write(root: Path) -> WriteMigration:
    """Return a function that writes a migration, given its name and the revision it follows.

    The name is the revision, up to its first underscore.
    """

    def write(name: str, follows: str) -> None:
        source = f"revision = {name.partition('_')[0]!r}\ndown_revision = {follows!r}\n"
        body = "def upgrade():\n    pass\n"
        (root / "migrations" / "versions" / f"{name}.py").write_text(source + body)

    return write


def run_command(*arguments: str) -> tuple[int, str]:
    """Run a command of the CLI, and return its exit code and its standard error."""
    result = invoke(*arguments)
    return result.exit_code, result.stderr


@pytest.mark.parametrize("command", ["migrate", "serve"])
def test_two_migrations_with_one_parent_fail_a_command_with_one_line_that_names_both(
    command: str, write: WriteMigration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.http.server.run", lambda *_, **__: None)
    write("9008_colours", NEWEST)
    write("9009_sizes", NEWEST)

    code, line = run_command(command)

    assert code == 1
    assert line == (
        "The migrations have 2 heads: 9008 (9008_colours.py), 9009 (9009_sizes.py). "
        "Set `down_revision` of one that is not deployed yet to the other.\n"
    )


def test_two_migrations_with_one_parent_fail_the_import_of_the_server_with_one_line(
    write: WriteMigration, capsys: pytest.CaptureFixture[str]
) -> None:
    write("9008_colours", NEWEST)
    write("9009_sizes", NEWEST)

    with pytest.raises(SystemExit) as ended:
        runpy.run_module("app.asgi")

    error = capsys.readouterr().err
    assert (ended.value.code, error.count("\n")) == (1, 1)
    assert error.startswith("The migrations have 2 heads: 9008 (9008_colours.py), 9009")


def test_two_migrations_with_one_parent_violate_a_rule(root: Path, write: WriteMigration) -> None:
    write("9008_colours", NEWEST)
    write("9009_sizes", NEWEST)
    (root / "app").mkdir()

    (root / "pyproject.toml").touch()
    found = [*HISTORY.check(read_project(root))]

    assert [violation.path for violation in found if "2 heads" in violation.message] == [
        "migrations/versions/9008_colours.py",
        "migrations/versions/9009_sizes.py",
    ]


@pytest.mark.parametrize(
    ("follows", "line"),
    [
        ({"9008_x": "9007"}, "The migration 9008_x.py follows the revision 9007, which does not"),
        ({"9008_x": NEWEST, "9008_y": "9008"}, "The migrations 9008_x.py and 9008_y.py have the"),
        ({"9008_x": "9009", "9009_x": "9008"}, "The migrations form a cycle: 900"),
        ({"9008_x": "9008"}, "The migrations form a cycle: 9008 (9008_x.py) -> "),
    ],
    ids=["no such parent", "the same revision", "a cycle", "a cycle of one"],
)
def test_migrations_that_do_not_form_a_history_are_rejected_with_one_line(
    follows: dict[str, str], line: str, write: WriteMigration
) -> None:
    for name, parent in follows.items():
        write(name, parent)

    code, error = run_command("migrate")

    assert (code, error.count("\n")) == (1, 1)
    assert error.startswith(line)


@pytest.mark.parametrize(
    "source",
    [b"<<<<<<< HEAD\n", b"", b"revision = 1\n", b"down_revision = None\n", b"\xff", b"a\0b"],
)
def test_an_unreadable_migration_is_rejected_with_one_line(source: bytes, root: Path) -> None:
    (root / "migrations" / "versions" / "9008_broken.py").write_bytes(source)

    code, error = run_command("migrate")

    assert (code, error.count("\n")) == (1, 1)
    assert error.startswith("The migration 9008_broken.py cannot be read: ")


def test_a_folder_without_migrations_is_rejected_with_one_line(root: Path) -> None:
    shutil.rmtree(root / "migrations" / "versions")

    assert run_command("migrate") == (1, "There are no migrations in `migrations/versions`.\n")


async def test_a_database_migrated_by_newer_code_is_rejected_with_one_line(
    database: MigratedDatabase,
) -> None:
    await database.upgrade()
    stamp = text("UPDATE alembic_version SET version_num = 'later'")
    await database.run(lambda connection: connection.execute(stamp))

    code, error = await to_thread.run_sync(run_command, "migrate")

    assert code == 1
    assert error == (
        "The database has the revision later, which this code does not contain. "
        "Migrate with the newer code.\n"
    )


def test_branches_that_a_migration_merges_form_one_history() -> None:
    history = read_history(
        {
            "a.py": b"revision = 'a'\ndown_revision = None\n",
            "b.py": b"revision: str = 'b'\ndown_revision: str | None = 'a'\n",
            "c.py": b"revision = 'c'\ndown_revision = 'a'\n",
            "d.py": b"revision = 'd'\ndown_revision = ('b', 'c')\n",
        }
    )

    assert history.faults == ()
    assert (history.newest_first[0], history.newest_first[-1]) == ("d", "a")
