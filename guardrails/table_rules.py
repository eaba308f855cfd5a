"""Rules about tables, checked on the metadata of the models."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import (
    CheckConstraint,
    Column,
    Constraint,
    DateTime,
    Enum,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import conv

from guardrails.project import Project
from guardrails.rules import ApplicationRule, NamedFinding

IDENTIFIER_MAX_LENGTH = 63
"""PostgreSQL's limit. SQLite has none, so that a longer name would differ between the two."""


def find_silent_foreign_keys(tables: MetaData, _: Project) -> Iterator[NamedFinding]:
    for table, key in _foreign_keys(tables):
        if key.ondelete is None:
            yield table.name, f"{_describe(key)} has no ON DELETE"


def find_bare_foreign_keys(tables: MetaData, _: Project) -> Iterator[NamedFinding]:
    for table, key in _foreign_keys(tables):
        if not _is_indexed(key):
            yield table.name, f"no index begins with the columns of {_describe(key)}"


def find_unbounded_strings(tables: MetaData, _: Project) -> Iterator[NamedFinding]:
    for table, column in _columns(tables):
        if str(column.type) in {"VARCHAR", "TEXT"}:  # a length would be part of the type
            yield table.name, f"{column.name} is a string without a maximum length"


def find_naive_times(tables: MetaData, project: Project) -> Iterator[NamedFinding]:
    for table, column in _columns(tables):
        is_time = isinstance(column.type, DateTime) or str(column.type) in {"DATETIME", "TIMESTAMP"}
        known, own = project.time_type, {kind.__name__ for kind in type(column.type).__mro__}
        if is_time and (known not in own if known else not getattr(column.type, "timezone", True)):
            yield (
                table.name,
                f"{column.name} must have {f'the type {known}' if known else 'a time zone'}",
            )


def find_open_enums(tables: MetaData, project: Project) -> Iterator[NamedFinding]:
    for table, column in _columns(tables):
        if isinstance(column.type, Enum):
            if column.type.native_enum:
                yield table.name, f"{column.name} is a native enum of PostgreSQL"
            name = project.enum_check.format(table=table.name, column=column.name)
            checks = {
                str(constraint.name): str(constraint.sqltext)
                for constraint in table.constraints
                if isinstance(constraint, CheckConstraint)
            }
            if re.findall("'(.+?)'", checks.get(name, "")) != column.type.enums:
                yield table.name, f"{column.name} has no constraint {name} that lists its values"


def find_unconventional_names(tables: MetaData, _: Project) -> Iterator[NamedFinding]:
    for table in tables.sorted_tables:
        items: list[Constraint | Index] = [*table.constraints, *table.indexes]
        for item in items:
            if not isinstance(item.name, conv):
                yield table.name, f"the name of {_describe(item)} does not follow the convention"
            elif len(item.name) > IDENTIFIER_MAX_LENGTH:
                yield table.name, f"{item.name} is longer than PostgreSQL allows"


def _describe(item: Constraint | Index) -> str:
    """Return the name of a constraint or an index, or its columns if it has no name."""
    columns = ", ".join(column.name for column in getattr(item, "columns", ()))
    return str(item.name or f"{type(item).__name__} ({columns})")


def _columns(tables: MetaData) -> Iterator[tuple[Table, Column[object]]]:
    return ((table, column) for table in tables.sorted_tables for column in table.columns)


def _foreign_keys(tables: MetaData) -> Iterator[tuple[Table, ForeignKeyConstraint]]:
    return ((table, key) for table in tables.sorted_tables for key in table.foreign_key_constraints)


def _is_indexed(key: ForeignKeyConstraint) -> bool:
    """Return True if an index without a predicate begins with the columns of the key."""
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


@dataclass(frozen=True, kw_only=True)
class TableRule(ApplicationRule):
    """A rule about tables."""

    part: str = "tables"


SAMPLE = """
from sqlalchemy import *

Table(
    "sample",
    tables,
    Column("id", Integer, primary_key=True),
    Column("parent_id", ForeignKey("sample.id")),
    Column("text", String),
    Column("time", DateTime),
    Column("choice", Enum("a", "b")),
    UniqueConstraint("text", name="sample_text"),
)
"""
"""Table that violates all rules."""
RULES = [
    TableRule(
        name="foreign keys with ON DELETE",
        article=26,
        find=find_silent_foreign_keys,
        sample=SAMPLE,
    ),
    TableRule(name="indexed foreign keys", article=26, find=find_bare_foreign_keys, sample=SAMPLE),
    TableRule(name="conventional names", article=26, find=find_unconventional_names, sample=SAMPLE),
    TableRule(name="bounded strings", article=27, find=find_unbounded_strings, sample=SAMPLE),
    TableRule(name="aware times", article=27, find=find_naive_times, sample=SAMPLE),
    TableRule(
        name="checked enums",
        article=27,
        needs=("enum_check",),
        find=find_open_enums,
        sample=SAMPLE,
    ),
]
