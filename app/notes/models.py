"""Table of notes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.core import clock
from app.core.ids import new_id
from app.core.tables import Base

TITLE_MAX_LENGTH = 200
BODY_MAX_LENGTH = 10_000
MAX_NOTES = 1000
"""Maximum number of notes of a user."""


class Note(Base, table=True):
    """Note of a user."""

    __tablename__ = "notes"
    __table_args__ = (
        CheckConstraint("length(title) >= 1", name="title_not_empty"),
        Index(None, "owner_id", "created_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    owner_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    title: str = Field(max_length=TITLE_MAX_LENGTH)
    body: str = Field(max_length=BODY_MAX_LENGTH)
    created_at: datetime = Field(default_factory=clock.now)
    updated_at: datetime = Field(default_factory=clock.now)
