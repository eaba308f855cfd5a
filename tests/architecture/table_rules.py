"""The rules about tables, read from what the models declare."""

import re
from collections.abc import Callable, Iterator

from sqlalchemy import (
    CheckConstraint,
    Column,
    Constraint,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.schema import SchemaItem, conv
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.tables import NAMING_CONVENTION
from tests.architecture.rules import Edit, TableRule

IDENTIFIER_MAX_LENGTH = 63
"""PostgreSQL's; SQLite has none, so that a longer name would be two."""

Problem = tuple[str, str]


def find_silent_foreign_keys(tables: MetaData) -> Iterator[Problem]:
    for table, key in _foreign_keys(tables):
        if key.ondelete is None:
            yield table.name, f"{key.name} does not say what a deletion does"


def find_bare_foreign_keys(tables: MetaData) -> Iterator[Problem]:
    for table, key in _foreign_keys(tables):
        if not _is_indexed(key):
            yield table.name, f"no index begins with the columns of {key.name}"


def find_unbounded_strings(tables: MetaData) -> Iterator[Problem]:
    for table, column in _columns(tables):
        if str(column.type) in {"VARCHAR", "TEXT"}:  # with a length it would say so
            yield table.name, f"{column.name} is a string of any length"


def find_naive_times(tables: MetaData) -> Iterator[Problem]:
    for table, column in _columns(tables):
        is_time = isinstance(column.type, DateTime) or str(column.type) in {"DATETIME", "TIMESTAMP"}
        if is_time and not isinstance(column.type, UTCDateTime):
            yield table.name, f"{column.name} is a time that is not kept in UTC"


def find_open_enums(tables: MetaData) -> Iterator[Problem]:
    for table, column in _columns(tables):
        if isinstance(column.type, Enum):
            if column.type.native_enum:
                yield table.name, f"{column.name} is an enum of PostgreSQL's own"
            name = f"ck_{table.name}_{column.name}_valid"
            checks = {
                str(each.name): str(each.sqltext)
                for each in table.constraints
                if isinstance(each, CheckConstraint)
            }
            if re.findall("'(.+?)'", checks.get(name, "")) != column.type.enums:
                yield table.name, f"{column.name} is not held to its values by {name}"


def find_unconventional_names(tables: MetaData) -> Iterator[Problem]:
    for table in tables.sorted_tables:
        items: list[Constraint | Index] = [*table.constraints, *table.indexes]
        for item in items:
            if not isinstance(item.name, conv):
                yield table.name, f"{item.name} is not named by the convention"
            elif len(item.name) > IDENTIFIER_MAX_LENGTH:
                yield table.name, f"{item.name} is longer than PostgreSQL's names"


def _columns(tables: MetaData) -> Iterator[tuple[Table, Column[object]]]:
    return ((table, column) for table in tables.sorted_tables for column in table.columns)


def _foreign_keys(tables: MetaData) -> Iterator[tuple[Table, ForeignKeyConstraint]]:
    return ((table, key) for table in tables.sorted_tables for key in table.foreign_key_constraints)


def _is_indexed(key: ForeignKeyConstraint) -> bool:
    """Whether an index without a predicate begins with the columns of the key."""
    ordered: list[Index | PrimaryKeyConstraint | UniqueConstraint] = [
        item for item in key.table.indexes if item.dialect_options["postgresql"]["where"] is None
    ]
    ordered += [
        item
        for item in key.table.constraints
        if isinstance(item, PrimaryKeyConstraint | UniqueConstraint)
    ]
    length = len(key.columns)
    return any(set(list(item.columns)[:length]) == set(key.columns) for item in ordered)


def table_of(*items: Callable[[], SchemaItem]) -> MetaData:
    """A table of these, beside another."""
    tables = MetaData(naming_convention=NAMING_CONVENTION)
    Table("others", tables, Column("id", Uuid, primary_key=True))
    Table("xs", tables, Column("id", Uuid, primary_key=True), *(item() for item in items))
    return tables


ROLES = Enum("a", "b", native_enum=False, create_constraint=False, length=9)

RULES = [
    TableRule(
        name="foreign keys that say what a deletion does",
        article=26,
        see="app/models/sessions.py `Session`",
        find=find_silent_foreign_keys,
        edit=Edit(
            "app/models/sessions.py",
            'foreign_key="users.id", ondelete="CASCADE"',
            'foreign_key="users.id"',
        ),
        bad=table_of(lambda: Column("other_id", ForeignKey("others.id"))),
        good=table_of(lambda: Column("other_id", ForeignKey("others.id", ondelete="CASCADE"))),
    ),
    TableRule(
        name="indexed foreign keys",
        article=26,
        see="app/models/sessions.py `Session`",
        find=find_bare_foreign_keys,
        edit=Edit(
            "app/models/sessions.py", '        Index(None, "user_id", "created_at", "id"),\n', ""
        ),
        bad=table_of(lambda: Column("other_id", ForeignKey("others.id"))),
        good=table_of(lambda: Column("other_id", ForeignKey("others.id"), index=True)),
    ),
    TableRule(
        name="names by the convention",
        article=26,
        see="app/models/base.py `NAMING_CONVENTION`",
        find=find_unconventional_names,
        edit=Edit(
            "app/models/sessions.py",
            'Index(None, "session_id"',
            'Index("by_session", "session_id"',
        ),
        bad=table_of(lambda: Column("a", Uuid), lambda: Index("by_a", "a")),
        good=table_of(lambda: Column("a", Uuid), lambda: Index(None, "a")),
    ),
    TableRule(
        name="bounded strings",
        article=27,
        see="app/models/sessions.py `USER_AGENT_MAX_LENGTH`",
        find=find_unbounded_strings,
        edit=Edit(
            "app/models/sessions.py",
            "Field(default=None, max_length=USER_AGENT_MAX_LENGTH)",
            "None",
        ),
        bad=table_of(lambda: Column("a", String)),
        good=table_of(lambda: Column("a", String(9))),
    ),
    TableRule(
        name="aware times",
        article=27,
        see="app/models/sessions.py `Session`",
        find=find_naive_times,
        edit=Edit(
            "app/models/sessions.py",
            "last_used_at: datetime\n",
            'last_used_at: datetime = Field(sa_type=__import__("sqlalchemy").DateTime)\n',
        ),
        bad=table_of(lambda: Column("a", DateTime)),
        good=table_of(lambda: Column("a", UTCDateTime)),
    ),
    TableRule(
        name="enums held to their values",
        article=27,
        see="app/models/users.py `User`",
        find=find_open_enums,
        edit=Edit("app/models/users.py", 'enum_check("role", Role)', 'enum_check("kind", Role)'),
        bad=table_of(lambda: Column("a", ROLES)),
        good=table_of(
            lambda: Column("a", ROLES), lambda: CheckConstraint("a IN ('a', 'b')", name="a_valid")
        ),
    ),
]
