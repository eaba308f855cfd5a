"""Base classes of tables, names of constraints, types of enum columns, and case-folded names."""

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
"""Names of constraints and indexes. `Index(None, …)` gets its name from here."""


class Base(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING_CONVENTION))):
    """Base class of all tables."""


class Versioned(Base):
    """Base class of tables whose rows several users can change at the same time.

    Each UPDATE by SQLAlchemy increments `version`, and has the version that was read in its WHERE.
    If another transaction has changed the row in between, the UPDATE fails. So it does not
    overwrite the other change.
    """

    version: int = Field(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 -- SQLAlchemy passes the class
        return {"version_id_col": cls.version}


def enum_type(values: type[StrEnum]) -> Enum:
    """Return a VARCHAR type for an enum. Also add `enum_check`, which migrations can detect."""
    return Enum(
        values,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda enum: [member.value for member in enum],
    )


def enum_check(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Return the CHECK constraint that restricts a column to the values of its enum."""
    allowed = ", ".join(f"'{member.value}'" for member in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=f"{column}_valid")


KEY_GROWTH = 3
"""Maximum number of characters that replace one in case folding (Unicode, SpecialCasing)."""


def name_key(name: str) -> str:
    """Return a key that is equal for names that differ only in case or Unicode normalization.

    Store the key in a column of its own with a unique constraint. To rename an existing row, lock
    it and write name and key together, so that they cannot come from two requests.
    """
    return unicodedata.normalize("NFC", name.casefold())
