"""Schema of outbox messages, as shown to operators."""

from datetime import datetime
from uuid import UUID

from app.core.schemas import Output


class OutboxMessageShown(Output):
    """Message without its payload, which contains addresses and tokens."""

    id: UUID
    kind: str
    attempts: int
    created_at: datetime
    due_at: datetime | None
    last_error: str | None
