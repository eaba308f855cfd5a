"""What all tables share: naming of constraints, ids, enums, versions, keys of names."""

import unicodedata
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Enum, MetaData
from sqlalchemy.orm import declared_attr, registry
from sqlmodel import Field, SQLModel

NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Base(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING_CONVENTION))):
    """The base of all tables."""


class Versioned(Base):
    """The base of tables whose rows several people change. An UPDATE names the version that it was
    made for, so that of two writers the second is told and nothing is lost. Never set it yourself.
    """

    version: int = Field(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 -- SQLAlchemy passes the class
        return {"version_id_col": cls.version}


def enum_type(values: type[StrEnum]) -> Enum:
    """A VARCHAR column for an enum; `enum_check` bounds it by name, so that migrations see it."""
    return Enum(
        values,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda enum: [member.value for member in enum],
    )


def enum_check(column: str, values: type[StrEnum]) -> CheckConstraint:
    """The CHECK that holds a column to the values of its enum."""
    allowed = ", ".join(f"'{member.value}'" for member in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=f"{column}_valid")


KEY_GROWTH = 3
"""Folding its case turns one character into three at most (Unicode, SpecialCasing)."""


def name_key(name: str) -> str:
    """What makes two names the same: their letters, whatever their case and their encoding. Kept in
    a column of its own, which a constraint makes unique, and written with the name by whoever has
    locked the row.
    """
    return unicodedata.normalize("NFC", name.casefold())
