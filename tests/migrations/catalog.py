"""Schema as the catalogue of the database describes it, without the models and Alembic.

Alembic does not compare the text of a CHECK or the predicate of an index.
"""

import re

from sqlalchemy import Connection, text

POSTGRESQL = [
    text("""
        SELECT table_name, column_name, udt_name, character_maximum_length, numeric_precision,
            numeric_scale, datetime_precision, is_nullable, column_default, is_identity
        FROM information_schema.columns WHERE table_schema = 'public'
    """),
    text("""
        SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid)
        FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        WHERE relnamespace = 'public'::regnamespace
    """),
    text("SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"),
]
SQLITE = [
    text("""
        SELECT tables.name, columns.name, columns.type, "notnull", dflt_value, pk
        FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table'
    """),
    text("""
        SELECT tables.name, "from", "table", "to", seq, on_delete, on_update
        FROM sqlite_master AS tables, pragma_foreign_key_list(tables.name)
        WHERE tables.type = 'table'
    """),
    text("""
        SELECT tables.name, "unique", origin,
            (SELECT group_concat(name) FROM pragma_index_info(indexes.name)),
            (SELECT sql FROM sqlite_master WHERE name = indexes.name)
        FROM sqlite_master AS tables, pragma_index_list(tables.name) AS indexes
        WHERE tables.type = 'table'
    """),
]
SQLITE_TABLES = text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
SQLITE_CHECK = re.compile(r"CONSTRAINT (\w+) CHECK (\(.+\))")

Fact = tuple[object, ...]


def read_schema(connection: Connection) -> set[Fact]:
    """Return all columns, constraints and indexes as tuples that begin with the table's name."""
    sqlite = connection.dialect.name == "sqlite"
    facts = {
        tuple(row)
        for query in (SQLITE if sqlite else POSTGRESQL)
        for row in connection.execute(query)
    }
    if sqlite:
        facts |= {
            (name, *check)
            for name, sql in connection.execute(SQLITE_TABLES)
            for check in SQLITE_CHECK.findall(sql)
        }
    return {fact for fact in facts if fact[0] != "alembic_version"}
