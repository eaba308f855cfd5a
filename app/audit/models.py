"""The audit trail: who did what to which resource, and when."""

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
    """One thing that was done. Rows are only ever added: on PostgreSQL a trigger refuses the rest.

    Its ids are no foreign keys, so that the trail outlives what it tells of.
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
