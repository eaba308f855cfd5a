"""The rules that every table keeps. A failing test names what breaks its rule."""

import re
from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Constraint,
    Enum,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.schema import conv
from sqlmodel.sql.sqltypes import UTCDateTime

from app.core.ids import new_id
from app.models import Base

IDENTIFIER_MAX_LENGTH = 63
"""PostgreSQL's; SQLite has none, so that a longer name would be two."""

TABLES = Base.metadata.sorted_tables
COLUMNS = [column for table in TABLES for column in table.columns]
FOREIGN_KEYS = [key for table in TABLES for key in table.foreign_key_constraints]
CONSTRAINTS: list[Constraint | Index] = [
    *(constraint for table in TABLES for constraint in table.constraints),
    *(index for table in TABLES for index in table.indexes),
]
MAPPERS = list(Base._sa_registry.mappers)


def is_indexed(key: ForeignKeyConstraint) -> bool:
    """Whether an index without a predicate begins with the columns of the key."""
    ordered = [
        *(
            item
            for item in key.table.indexes
            if item.dialect_options["postgresql"]["where"] is None
        ),
        *(
            item
            for item in key.table.constraints
            if isinstance(item, PrimaryKeyConstraint | UniqueConstraint)
        ),
    ]
    return any(set(list(item.columns)[: len(key.columns)]) == set(key.columns) for item in ordered)


def test_every_foreign_key_says_what_a_deletion_does() -> None:
    silent = [key.name for key in FOREIGN_KEYS if key.ondelete is None]

    assert silent == []


def test_every_foreign_key_is_indexed() -> None:
    bare = [key.name for key in FOREIGN_KEYS if not is_indexed(key)]

    assert bare == []


def test_every_string_has_a_length() -> None:
    unbounded = [str(column) for column in COLUMNS if str(column.type) in {"VARCHAR", "TEXT"}]

    assert unbounded == []


def test_every_time_is_aware_and_in_utc() -> None:
    other = [
        str(column)
        for column in COLUMNS
        if str(column.type) in {"DATETIME", "TIMESTAMP"}
        and not isinstance(column.type, UTCDateTime)
    ]

    assert other == []


def test_every_id_is_made_by_us() -> None:
    foreign = [
        mapper.class_.__name__
        for mapper in MAPPERS
        if "id" in mapper.columns and mapper.class_.model_fields["id"].default_factory is not new_id
    ]

    assert foreign == []


@pytest.mark.parametrize("column", [c for c in COLUMNS if isinstance(c.type, Enum)], ids=str)
def test_an_enum_is_a_varchar_held_to_its_values(column: Column[Any]) -> None:
    checks = {
        item.name: str(item.sqltext)
        for item in column.table.constraints
        if isinstance(item, CheckConstraint)
    }

    allowed = checks[f"ck_{column.table.name}_{column.name}_valid"]

    assert isinstance(column.type, Enum)
    assert not column.type.native_enum
    assert re.findall("'(.+?)'", allowed) == column.type.enums


def test_every_constraint_is_named_by_the_convention() -> None:
    unconventional = [str(item) for item in CONSTRAINTS if not isinstance(item.name, conv)]

    assert unconventional == []


def test_every_name_fits_into_postgresql() -> None:
    too_long = [item.name for item in CONSTRAINTS if len(str(item.name)) > IDENTIFIER_MAX_LENGTH]

    assert too_long == []


def test_every_relationship_is_loaded_on_purpose_only() -> None:
    lazy = [
        str(relationship)
        for mapper in MAPPERS
        for relationship in mapper.relationships
        if relationship.lazy != "raise"
    ]

    assert lazy == []
