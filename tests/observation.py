"""What tests watch from outside: statements, and a database that is away."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from app.core.database import Database, create_engine
from app.core.resources import Resources


@contextmanager
def recorded_statements(resources: Resources) -> Iterator[list[str]]:
    """The statements that are executed meanwhile, without those that begin transactions."""
    statements: list[str] = []
    engine = resources.database.engine.sync_engine

    def on_execute(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", on_execute)
    yield statements
    event.remove(engine, "before_cursor_execute", on_execute)


def unreachable_database() -> Database:
    """A database at an address where nobody answers."""
    engine = create_engine("postgresql://nobody@127.0.0.1:1/nothing", pool_size=1)
    return Database(engine, capacity=1)
