"""Table of the audit trail."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Index
from sqlmodel import Field

from app.core import clock
from app.core.ids import new_id
from app.core.logging import REQUEST_ID_MAX_LENGTH
from app.core.tables import Base

ACTION_MAX_LENGTH = 64


class Activity(Base, table=True):
    """Entry of the audit trail. On PostgreSQL a trigger rejects updates and deletions.

    Its ids are not foreign keys, so that an entry remains when its resource is deleted.
    """

    __tablename__ = "activity"
    __table_args__ = (
        Index(None, "scope_id", "created_at", "id"),
        Index(None, "actor_id", "created_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime = Field(default_factory=clock.now)
    actor_id: UUID | None
    action: str = Field(max_length=ACTION_MAX_LENGTH)
    resource_id: UUID
    scope_id: UUID
    request_id: str | None = Field(max_length=REQUEST_ID_MAX_LENGTH)
    details: dict[str, str] = Field(sa_type=JSON)
