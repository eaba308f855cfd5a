"""Table of outbox messages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.core.ids import new_id
from app.core.logging import REQUEST_ID_MAX_LENGTH
from app.core.tables import Base

KIND_MAX_LENGTH = 64
ERROR_MAX_LENGTH = 100


class OutboxMessage(Base, table=True):
    """Message to a worker, written in the transaction that causes it and deleted when it is done.

    `due_at` is the whole state. A worker that claims the message sets it to the end of its lease,
    so that the message is due again if the worker crashes. A message without it is dead: it is not
    tried again until an operator retries it.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "due_at", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str = Field(max_length=KIND_MAX_LENGTH)
    payload: bytes
    created_at: datetime
    due_at: datetime | None
    attempts: int = 0
    last_error: str | None = Field(default=None, max_length=ERROR_MAX_LENGTH)
    request_id: str | None = Field(max_length=REQUEST_ID_MAX_LENGTH)
