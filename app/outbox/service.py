"""Service for the outbox, which stores work that a worker does after the commit."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.core import clock
from app.core.backoff import full_jitter
from app.core.encryption import Cipher
from app.core.logging import current_request_id, get_logger
from app.outbox.models import ERROR_MAX_LENGTH, OutboxMessage
from app.outbox.repository import OutboxRepository
from app.outbox.schemas import OutboxMessageShown
from app.runtime.feature import Feature
from app.runtime.outbox_handlers import OutboxHandler

LEASE = timedelta(seconds=60)
"""Time after which other workers may claim a message again."""
MAX_ATTEMPTS = 20
FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(hours=1)
"""Maximum delay of a retry. A message is tried for about six hours, and at most for twelve."""

_logger = get_logger(__name__)


class WorkersLost(Exception):
    """Raised when a message exceeds MAX_ATTEMPTS without one attempt finishing.

    The message probably crashes the worker.
    """


def read_message(
    stored: OutboxMessage, handlers: Sequence[OutboxHandler], cipher: Cipher
) -> tuple[OutboxHandler, Any]:
    """Return the message and its handler.

    Raises WorkersLost, and any error that decryption and validation raise.
    """
    if stored.attempts > MAX_ATTEMPTS:
        raise WorkersLost
    [handler] = [handler for handler in handlers if handler.kind == stored.kind]
    return handler, handler.adapter.validate_json(cipher.decrypt(stored.payload))


def handlers_of(features: Sequence[Feature]) -> Iterator[OutboxHandler]:
    """Yield the handlers of all features."""
    for feature in features:
        yield from feature.outbox_handlers


@dataclass(frozen=True, kw_only=True)
class OutboxService:
    """Service that stores messages, and leases them to workers."""

    messages: OutboxRepository
    cipher: Cipher
    handlers: Sequence[OutboxHandler]
    on_add: Callable[[], None]

    def add(self, message: object) -> None:
        """Store a new message, which a worker processes after the commit."""
        [handler] = [handler for handler in self.handlers if handler.message is type(message)]
        now = clock.now()
        self.messages.add(
            OutboxMessage(
                kind=handler.kind,
                payload=self.cipher.encrypt(handler.adapter.dump_json(message)),
                created_at=now,
                due_at=now,
                request_id=current_request_id(),
            )
        )
        self.on_add()

    async def claim(self, limit: int) -> list[OutboxMessage]:
        """Claim messages that are due. The caller must process them within LEASE."""
        now = clock.now()
        return await self.messages.claim(now=now, until=now + LEASE, limit=limit)

    async def get_oldest(self) -> datetime | None:
        """Return the creation time of the oldest message that is not dead, or None."""
        return await self.messages.get_oldest()

    async def remove(self, message: OutboxMessage) -> bool:
        """Delete the message. Return False if another worker has processed it."""
        return await self.messages.remove(message.id)

    async def postpone(self, message: OutboxMessage, error: Exception) -> None:
        """Schedule the next attempt of a message that failed, or mark the message as dead."""
        # The text of an error may contain an address. The name of its class does not.
        name = type(error).__name__[:ERROR_MAX_LENGTH]
        is_last = message.attempts >= MAX_ATTEMPTS
        delay = full_jitter(message.attempts, first=FIRST_DELAY, longest=LONGEST_DELAY)
        due_at = None if is_last else clock.now() + delay
        if await self.messages.postpone(message, due_at=due_at, last_error=name):
            log = _logger.error if is_last else _logger.warning
            log(
                "outbox.dead" if is_last else "outbox.failed",
                message_id=str(message.id),
                kind=message.kind,
                attempts=message.attempts,
                error=name,
            )

    async def get_page(self, *, limit: int) -> Sequence[OutboxMessageShown]:
        """Return dead messages first, then those that are longest due."""
        return await self.messages.get_page(limit=limit)

    async def retry(self, *, message_id: UUID | None = None) -> int:
        """Set a dead message due, or all of them. Return their number."""
        return await self.messages.retry(message_id, now=clock.now())
