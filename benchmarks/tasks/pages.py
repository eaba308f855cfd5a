"""Cost of pages of tasks, independent of their number: `python -m benchmarks.tasks.pages`.

It needs PostgreSQL. Two databases contain one project each, created by `python -m app seed`: a
small and a large one. The statement of `TaskRepository.get_page` is explained in both, in every
order, at its start, middle and end. The number of buffers that PostgreSQL read is independent of
the machine and of caches; the times vary with the machine and are only printed.

The command exits with 1 if a page of the large project does not read tasks along an index that
begins with the project, sorts more rows than such a page needs, or reads more than twice the
buffers of the same page of the small project.
"""

import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy import URL, event, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database import Database
from app.core.database_engine import create_engine
from app.core.pagination import PageRequest
from app.projects.models import Project
from app.tasks.models import Task
from app.tasks.queries import TaskPosition
from app.tasks.repository import TaskRepository
from app.tasks.schemas import TaskQuery, TaskSort

ROOT = Path(__file__).parents[2]
SMALL, LARGE = "plumbline_bench_small", "plumbline_bench_large"
SMALL_TASKS = 1000
LIMIT = 20
CALLS = 20
MAX_RATIO = 2.0
INDEX_SCANS = ("Index Scan", "Index Only Scan")


@dataclass(frozen=True)
class Cost:
    """Cost of a page in one database."""

    buffers: int
    execution_ms: float
    call_ms: float
    detours: list[str]
    """Steps of the plan other than a scan of an index that begins with the project."""


@dataclass(frozen=True)
class Page:
    """Page of the same order and place in both databases."""

    name: str
    small: Cost
    large: Cost

    def __str__(self) -> str:
        figures = "".join(
            f"{small:10.{digits}f}{large:9.{digits}f}{large / small:7.2f}"
            for small, large, digits in (
                (self.small.buffers, self.large.buffers, 0),
                (self.small.execution_ms, self.large.execution_ms, 2),
                (self.small.call_ms, self.large.call_ms, 1),
            )
        )
        return f"{self.name:22}{figures}   {', '.join(self.large.detours) or 'index'}"

    def faults(self) -> Iterator[str]:
        """Yield each fault of the page in the large database."""
        yield from self.large.detours
        if self.large.buffers > MAX_RATIO * self.small.buffers:
            yield f"{self.large.buffers} buffers, but {self.small.buffers} in the small project"


class Tasks:
    """Tasks of the only project of a database."""

    def __init__(self, session: AsyncSession, project_id: UUID) -> None:
        self._session = session
        self._project_id = project_id
        self._in_project = col(Task.project_id) == project_id

    async def places(self, sort: TaskSort) -> dict[str, TaskPosition | None]:
        """Return the positions after which the pages to measure begin, by name."""
        key = getattr(Task, sort.field)
        counts = select(func.count(key), func.count()).where(self._in_project)
        keyed, everything = (await self._session.exec(counts)).one()
        offsets = {"middle": keyed // 2, "last": everything - LIMIT - 1}
        if keyed < everything:
            offsets["undated"] = (keyed + everything) // 2
        found = {name: await self._position(sort, offset) for name, offset in offsets.items()}
        return {"first": None, **found}

    async def _position(self, sort: TaskSort, offset: int) -> TaskPosition:
        columns = (col(getattr(Task, sort.field)), col(Task.id))
        directed = [column.desc() if sort.descending else column.asc() for column in columns]
        statement = select(*columns).where(self._in_project)
        statement = statement.order_by(*[column.nulls_last() for column in directed])
        key, task_id = (await self._session.exec(statement.offset(offset).limit(1))).one()
        return key, task_id

    async def cost(self, sort: TaskSort, after: TaskPosition | None) -> Cost:
        """Measure the page after the position with warm caches."""
        get_page = partial(
            TaskRepository(self._session).get_page,
            PageRequest(after, LIMIT, to_cursor=str),
            TaskQuery(sort=sort, limit=LIMIT),
            project_id=self._project_id,
        )
        connection = await self._session.connection()
        executed: list[tuple[str, Any]] = []

        def on_execute(_1: object, _2: object, statement: str, values: Any, *_3: object) -> None:
            executed.append((statement, values))

        event.listen(connection.sync_connection, "before_cursor_execute", on_execute)
        await get_page()
        event.remove(connection.sync_connection, "before_cursor_execute", on_execute)
        statement, values = executed[0]  # the second statement reads the tags
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
        await connection.exec_driver_sql(explain, values)
        explained = await connection.exec_driver_sql(explain, values)
        (report,) = explained.scalar_one()
        durations = []
        for _ in range(CALLS):
            began = time.perf_counter()
            await get_page()
            durations.append((time.perf_counter() - began) * 1000)
        plan = report["Plan"]
        buffers = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        return Cost(buffers, report["Execution Time"], median(durations), list(detours(plan)))


def detours(node: dict[str, Any]) -> Iterator[str]:
    """Yield the steps of a plan other than a scan of an index of the project's tasks."""
    kind, inputs = node["Node Type"], node.get("Plans", [])
    if node.get("Relation Name") == "tasks":
        if kind not in INDEX_SCANS:
            yield f"{kind} of tasks"
        elif "project_id" not in node.get("Index Cond", ""):
            yield f"{node['Index Name']} of all projects"
    rows = sum(plan["Actual Rows"] * plan["Actual Loops"] for plan in inputs)
    # A page of tasks with a due date and a page of tasks without one may be merged.
    if "Sort" in kind and rows > 2 * (LIMIT + 1):
        yield f"{kind} of {rows} rows"
    for plan in inputs:
        yield from detours(plan)


@asynccontextmanager
async def open_tasks(url: URL) -> AsyncIterator[Tasks]:
    """Yield the tasks of the database."""
    engine = create_engine(url.render_as_string(hide_password=False), pool_size=1)
    async with Database(engine, capacity=1).transaction() as session:
        # A large OFFSET can exceed the timeout.
        await (await session.connection()).execute(text("SET LOCAL statement_timeout = 0"))
        yield Tasks(session, (await session.exec(select(Project.id))).one())
    await engine.dispose()


async def compare(small: URL, large: URL) -> AsyncIterator[Page]:
    """Measure and yield all pages, each in both databases."""
    async with open_tasks(small) as few, open_tasks(large) as many:
        for sort in TaskSort:
            fews, manys = await few.places(sort), await many.places(sort)
            for place in ("first", "middle", "undated", "last"):
                if place in fews:
                    costs = [await few.cost(sort, fews[place]), await many.cost(sort, manys[place])]
                    yield Page(f"{sort}, {place}", *costs)


async def make(url: URL, tasks: int) -> None:
    """Create the database with a number of tasks, unless it was kept from an earlier run."""
    name, label = url.database, f"{tasks} tasks"
    kept = f"SELECT shobj_description(oid, 'pg_database') = '{label}' FROM pg_database"  # noqa: S608 -- ours
    new = not await execute(url.set(database="postgres"), f"{kept} WHERE datname = '{name}'")
    if new:
        await drop(url)
        await execute(url.set(database="postgres"), f"CREATE DATABASE {name}")
    await run(url, "migrate")
    if new:
        began = time.perf_counter()
        await run(url, "seed", "--tasks", str(tasks))
        seconds = time.perf_counter() - began
        typer.echo(f"Seeded {label} in {seconds:.1f} s, {tasks / seconds:.0f} a second.")
        # Set after seeding, so that a database whose seeding was interrupted is created again.
        await execute(url, f"COMMENT ON DATABASE {name} IS '{label}'")
    await execute(url, "VACUUM ANALYZE")


async def drop(url: URL) -> None:
    """Drop the database."""
    statement = f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)"
    await execute(url.set(database="postgres"), statement)


async def execute(url: URL, statement: str) -> object:
    """Execute a statement outside a transaction, and return its first value, if any."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        result = await connection.execute(text(statement))
        value: object = result.scalar() if result.returns_rows else None
    await engine.dispose()
    return value


async def run(url: URL, *arguments: str) -> None:
    """Run `python -m app` on the database, without other variables of the environment."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": url.set(drivername="postgresql").render_as_string(hide_password=False),
    }
    with tempfile.TemporaryDirectory() as directory:  # contains no .env
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "app", *arguments),
            cwd=directory,
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
        )
        if await process.wait() != 0:
            sys.exit(f"`python -m app {' '.join(arguments)}` failed.")


def report(pages: list[Page]) -> None:
    """Print all costs and faults, and exit with 1 if there are faults."""
    headings = ("buffers", "executed in ms", "get_page in ms")
    typer.echo(" " * 22 + "".join(f"{heading:>26}" for heading in headings))
    columns = f"{'small':>10}{'large':>9}{'ratio':>7}" * len(headings)
    typer.echo(f"{'order, page':22}{columns}   tasks of large by")
    for page in pages:
        typer.echo(page)
    faults = [f"{page.name}: {fault}" for page in pages for fault in page.faults()]
    if faults:
        sys.exit("\n".join(["Bounds are exceeded:", *faults]))


async def measure(server: URL, tasks: int, *, keep: bool) -> list[Page]:
    """Create the databases, measure all pages, and drop the databases."""
    small, large = (server.set(database=name) for name in (SMALL, LARGE))
    try:
        await make(small, SMALL_TASKS)
        await make(large, tasks)
        return [page async for page in compare(small, large)]
    finally:
        await drop(small)
        if not keep:
            await drop(large)


def main(
    tasks: Annotated[int, typer.Option(min=SMALL_TASKS, help="Large project's size.")] = 1_000_000,
    server: Annotated[str, typer.Option(help="PostgreSQL URL.")] = "postgresql://root@127.0.0.1",
    keep: Annotated[bool, typer.Option("--keep", help="Keep the large database.")] = False,
) -> None:
    """Compare pages of tasks in a small project and in a large one."""
    url = make_url(server).set(drivername="postgresql+asyncpg")
    report(asyncio.run(measure(url, tasks, keep=keep)))


if __name__ == "__main__":
    typer.run(main)
