"""Recorded and inserted SQL statements, and an unreachable database."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, event

from app.core.database import Database
from app.core.database_engine import create_engine
from app.runtime.resources import Resources


@contextmanager
def recorded_statements(resources: Resources) -> Iterator[list[str]]:
    """Yield a list of the statements executed meanwhile, except BEGIN, SAVEPOINT and RELEASE."""
    statements: list[str] = []
    engine = resources.database.engine.sync_engine

    def on_execute(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", on_execute)
    yield statements
    event.remove(engine, "before_cursor_execute", on_execute)


@contextmanager
def overtaken(resources: Resources, before: str, by: str) -> Iterator[None]:
    """Execute the statement `by` just before the first statement that starts with `before`.

    It simulates another transaction that commits between two statements, without a race.
    """
    engine = resources.database.engine.sync_engine
    waiting = [by]

    def on_execute(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if waiting and statement.startswith(before):
            connection.exec_driver_sql(waiting.pop())

    event.listen(engine, "before_cursor_execute", on_execute)
    yield
    event.remove(engine, "before_cursor_execute", on_execute)
    assert not waiting


def unreachable_database() -> Database:
    """Return a database at an address where no server listens."""
    engine = create_engine("postgresql://nobody@127.0.0.1:1/nothing", pool_size=1)
    return Database(engine, capacity=1)
