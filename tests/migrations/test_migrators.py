"""Concurrent migrations of one database by several processes, one of which may be killed."""

import os
import shutil
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from app.core import migrations
from app.core.config import Settings
from tests.migrations.database import MigratedDatabase

MIGRATORS = 3
MAX_SECONDS = 30
PROCESSES = get_context("forkserver")

HEADER = f"""
from alembic import op
from app.core.migrations import building_concurrently

revision = "next"
down_revision = "{migrations.newest_revision()}"

def upgrade():
"""
BUILD = f"""{HEADER}
    with building_concurrently("ix_users_role"):
        op.create_index("ix_users_role", "users", ["role"], postgresql_concurrently=True)
"""
STOP_HALF_WAY = f"""{HEADER}
    op.create_index("ix_users_role", "users", ["role"])
    open({{!r}}).read()
"""
ADVISORY_LOCKS = text("SELECT mode FROM pg_locks WHERE locktype = 'advisory'")


def migrate(root: Path, environment: dict[str, str], ready: Barrier) -> None:
    """Apply the migrations below this root when all processes are ready."""
    os.environ |= environment  # removed when the process imported the suite
    migrations.ROOT = root
    migrations.known_revisions.cache_clear()
    ready.wait(MAX_SECONDS)
    migrations.upgrade(Settings())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "copy"
    shutil.copytree(migrations.ROOT / "migrations", root / "migrations")
    shutil.copy(migrations.ROOT / "alembic.ini", root)
    return root


Start = Callable[[int], list[ForkServerProcess]]


@pytest.fixture
def start(root: Path, database: MigratedDatabase) -> Iterator[Start]:
    """Return a function that starts a number of processes, which migrate at the same time."""
    PROCESSES.set_forkserver_preload([__name__, "app.features"])
    started: list[ForkServerProcess] = []
    barriers: list[Barrier] = []  # kept, so that a late process finds its barrier not collected

    def start(count: int) -> list[ForkServerProcess]:
        barriers.append(PROCESSES.Barrier(count))
        arguments = (root, dict(os.environ), barriers[-1])
        processes = [PROCESSES.Process(target=migrate, args=arguments) for _ in range(count)]
        for process in processes:
            process.start()
        started.extend(processes)
        return processes

    yield start
    for process in started:
        process.kill()


def write_migration(root: Path, code: str) -> None:
    (root / "migrations" / "versions" / "next.py").write_text(code)


def read_indexes(connection: Connection) -> set[str | None]:
    return {index["name"] for index in inspect(connection).get_indexes("users")}


def exit_codes(migrators: list[ForkServerProcess]) -> list[int | None]:
    """Wait for the processes, and return their exit codes. None means that a process hangs."""
    for migrator in migrators:
        migrator.join(MAX_SECONDS)
    return [migrator.exitcode for migrator in migrators]


async def test_migrators_that_start_at_once_all_succeed_while_one_builds_an_index_concurrently(
    database: MigratedDatabase, root: Path, start: Start
) -> None:
    write_migration(root, BUILD)

    codes = exit_codes(start(MIGRATORS))

    assert codes == [0] * MIGRATORS
    assert "ix_users_role" in await database.run(read_indexes)
    if "TEST_DATABASE_URL" in os.environ:
        locks = await database.run(lambda connection: connection.execute(ADVISORY_LOCKS).all())
        assert locks == []


async def test_a_migrator_killed_half_way_does_not_block_the_next_one(
    database: MigratedDatabase, root: Path, start: Start, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    write_migration(root, STOP_HALF_WAY.format(str(pipe)))
    [killed] = start(1)
    while not is_read(pipe):
        assert killed.exitcode is None
        killed.join(0.05)
    killed.kill()
    write_migration(root, BUILD)

    codes = exit_codes(start(1))

    assert codes == [0]
    assert "ix_users_role" in await database.run(read_indexes)


def is_read(pipe: Path) -> bool:
    """Return True if a process has opened the pipe for reading."""
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True
