"""Schemas of outbox messages."""

from datetime import datetime
from uuid import UUID

from app.core.schemas import Output


class OutboxMessageShown(Output):
    """Message, as shown to operators: without its payload, which contains tokens."""

    id: UUID
    kind: str
    attempts: int
    created_at: datetime
    due_at: datetime | None
    last_error: str | None
