"""Table of users."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.core import clock
from app.core.ids import new_id
from app.core.tables import Base, enum_check, enum_type

EMAIL_MAX_LENGTH = 254
"""Maximum length of an address (RFC 5321 §4.5.3.1.3 as corrected by erratum 1690)."""
FULL_NAME_MAX_LENGTH = 200


class Role(StrEnum):
    """Role of a user. An admin manages all users."""

    USER = "user"
    ADMIN = "admin"


class User(Base, table=True):
    """User account. The e-mail address is stored normalised and never changes."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("length(full_name) >= 1", name="full_name_not_empty"),
        enum_check("role", Role),
        Index(None, "created_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str = Field(max_length=EMAIL_MAX_LENGTH, unique=True)
    password_hash: str = Field(max_length=255)
    full_name: str | None = Field(default=None, max_length=FULL_NAME_MAX_LENGTH)
    role: Role = Field(default=Role.USER, sa_type=enum_type(Role))
    is_active: bool = True
    email_verified_at: datetime | None = None
    created_at: datetime = Field(default_factory=clock.now)
