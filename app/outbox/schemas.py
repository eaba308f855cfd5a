"""What operators see of the outbox."""

from datetime import datetime
from uuid import UUID

from app.core.schemas import Output


class OutboxMessageShown(Output):
    """A message without what it says, which holds addresses and tokens."""

    id: UUID
    kind: str
    attempts: int
    created_at: datetime
    due_at: datetime | None
    last_error: str | None
