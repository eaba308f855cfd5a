"""Queries on outbox messages."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, delete, select, update

from app.core.repositories import Repository, select_columns
from app.outbox.models import OutboxMessage
from app.outbox.schemas import OutboxMessageShown


class OutboxRepository(Repository):
    """Queries on outbox messages, which many workers claim at once."""

    def add(self, message: OutboxMessage) -> None:
        """Store a new message."""
        self._session.add(message)

    async def claim(self, *, now: datetime, until: datetime, limit: int) -> list[OutboxMessage]:
        """Claim the messages that are longest due, and return them.

        No other worker can claim them before `until`.
        """
        # In a CTE, because it is evaluated once. PostgreSQL may repeat a subquery that locks, and
        # each time skip the rows that it has locked itself, beyond the limit.
        due = (
            select(OutboxMessage.id)
            .where(col(OutboxMessage.due_at) <= now)
            .order_by(col(OutboxMessage.due_at), col(OutboxMessage.id))
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        statement = (
            update(OutboxMessage)
            .where(col(OutboxMessage.id).in_(select(due.c.id)))
            .values(due_at=until, attempts=OutboxMessage.attempts + 1)
            .returning(OutboxMessage)
        )
        claimed = (await self._session.exec(statement)).scalars().all()
        return sorted(claimed, key=lambda message: message.id)  # RETURNING keeps no order

    async def get_oldest(self) -> datetime | None:
        """Return the creation time of the oldest message that is not dead, or None."""
        statement = (
            select(OutboxMessage.created_at)
            .where(col(OutboxMessage.due_at).is_not(None))
            .order_by(col(OutboxMessage.id))  # ids are in the order of creation
            .limit(1)
        )
        return (await self._session.exec(statement)).one_or_none()

    async def remove(self, message_id: UUID) -> bool:
        """Delete the message. Return False if it does not exist."""
        statement = delete(OutboxMessage).where(col(OutboxMessage.id) == message_id)
        return (await self._session.exec(statement)).rowcount == 1

    async def postpone(
        self, claimed: OutboxMessage, *, due_at: datetime | None, last_error: str
    ) -> bool:
        """End the lease. Return False if it expired and another worker claimed the message."""
        statement = (
            update(OutboxMessage)
            .where(
                col(OutboxMessage.id) == claimed.id,
                col(OutboxMessage.attempts) == claimed.attempts,
            )
            .values(due_at=due_at, last_error=last_error)
        )
        return (await self._session.exec(statement)).rowcount == 1

    async def get_page(self, *, limit: int) -> list[OutboxMessageShown]:
        """Return dead messages first, then those that are longest due."""
        statement = (
            select_columns(OutboxMessage, OutboxMessageShown)
            .order_by(
                col(OutboxMessage.due_at).is_not(None),
                col(OutboxMessage.due_at),
                col(OutboxMessage.id),
            )
            .limit(limit)
        )
        rows = (await self._session.exec(statement)).all()
        return [OutboxMessageShown.model_validate(row) for row in rows]

    async def retry(self, message_id: UUID | None, *, now: datetime) -> int:
        """Mark a dead message as due, or all of them. Return their number."""
        statement = update(OutboxMessage).where(col(OutboxMessage.due_at).is_(None))
        if message_id is not None:
            statement = statement.where(col(OutboxMessage.id) == message_id)
        return (await self._session.exec(statement.values(due_at=now, attempts=0))).rowcount
