"""Rows for every table at any revision."""

from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection, column, insert, inspect, literal, table, text

from app.core.migrations import configuration

SCRIPTS = ScriptDirectory.from_config(configuration())


def example_rows() -> dict[str, dict[str, object]]:
    """Return one row for each table, parents first, from the EXAMPLE_ROWS of all migrations."""
    rows: dict[str, dict[str, object]] = {}
    for script in reversed([*SCRIPTS.walk_revisions()]):
        for name, values in getattr(script.module, "EXAMPLE_ROWS", {}).items():
            rows.setdefault(name, {}).update(values)
    return rows


Values = dict[tuple[str, str], list[object]]


def read_values(connection: Connection) -> Values:
    values: Values = {}
    for name in inspect(connection).get_table_names():
        if name != "alembic_version":
            result = connection.execute(text(f"SELECT * FROM {name}"))
            columns = result.keys()
            rows = result.all()
            values |= {(name, key): [row[i] for row in rows] for i, key in enumerate(columns)}
    return values


def add_rows(connection: Connection) -> None:
    """Add the example row to every empty table, with the columns that the table has."""
    empty = [place for place, values in read_values(connection).items() if values == []]
    for name, example in example_rows().items():
        row = {
            key: literal(value, JSON() if isinstance(value, dict) else None)
            for key, value in example.items()
            if (name, key) in empty
        }
        if row:
            connection.execute(insert(table(name, *map(column, row))).values(row))
