"""The outbox: what a transaction wants done is stored by it, and done by a worker after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from app.core import clock
from app.core.backoff import full_jitter
from app.core.encryption import Cipher
from app.core.logging import current_request_id, get_logger
from app.mail.message import Mail
from app.outbox.models import ERROR_MAX_LENGTH, OutboxMessage
from app.outbox.repository import OutboxRepository
from app.outbox.schemas import OutboxMessageShown

LEASE = timedelta(seconds=60)
"""How long a worker has for a message before others take the worker for dead."""
MAX_ATTEMPTS = 20
FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(hours=1)
"""With these a message is tried for about six hours, and for twelve at most."""

_logger = get_logger(__name__)


@dataclass(frozen=True)
class ResetRequest:
    """Somebody asked for a password reset, whether there is a user with the address or not."""

    email: str


Message = Mail | ResetRequest

# Names and fields are stored: messages that wait are lost to whoever changes them.
_KINDS: dict[type[Message], str] = {Mail: "mail", ResetRequest: "reset_request"}
_FORMATS: dict[str, TypeAdapter[Any]] = {
    kind: TypeAdapter(message) for message, kind in _KINDS.items()
}


class WorkersLost(Exception):
    """No attempt has come to an end, not even a bad one: the workers died over the message."""


def open_message(stored: OutboxMessage, cipher: Cipher) -> Message:
    """What a stored message says. Raises what is wrong with it: WorkersLost, a lost secret, ..."""
    if stored.attempts > MAX_ATTEMPTS:
        raise WorkersLost
    message: Message = _FORMATS[stored.kind].validate_json(cipher.decrypt(stored.payload))
    return message


class OutboxService:
    """Takes messages, and lends them to workers until they are done or given up."""

    def __init__(self, messages: OutboxRepository, cipher: Cipher) -> None:
        self._messages = messages
        self._cipher = cipher
        self.has_added = False
        """Whether a worker should look when the transaction has been committed."""

    def add(self, message: Message) -> None:
        """Store a message: it is done if the transaction is committed, else never."""
        kind = _KINDS[type(message)]
        payload = self._cipher.encrypt(_FORMATS[kind].dump_json(message))
        now = clock.now()
        self._messages.add(
            OutboxMessage(
                kind=kind,
                payload=payload,
                created_at=now,
                due_at=now,
                request_id=current_request_id(),
            )
        )
        self.has_added = True

    async def claim(self, limit: int) -> list[OutboxMessage]:
        """The messages that the caller has to see to within LEASE."""
        now = clock.now()
        return await self._messages.claim(now=now, until=now + LEASE, limit=limit)

    async def get_oldest(self) -> datetime | None:
        """When the oldest message was written that is not dead; None when there is none."""
        return await self._messages.get_oldest()

    async def remove(self, message: OutboxMessage) -> bool:
        """Forget a message that is done; False when another worker has done it."""
        return await self._messages.remove(message.id)

    async def postpone(self, message: OutboxMessage, error: Exception) -> None:
        """Have a message that failed tried again later, or give it up."""
        # The text of an error may hold an address. Its class does not.
        name = type(error).__name__[:ERROR_MAX_LENGTH]
        is_last = message.attempts >= MAX_ATTEMPTS
        delay = full_jitter(message.attempts, first=FIRST_DELAY, longest=LONGEST_DELAY)
        due_at = None if is_last else clock.now() + delay
        if await self._messages.postpone(message, due_at=due_at, last_error=name):
            log = _logger.error if is_last else _logger.warning
            log(
                "outbox.dead" if is_last else "outbox.failed",
                message_id=str(message.id),
                kind=message.kind,
                attempts=message.attempts,
                error=name,
            )

    async def get_page(self, *, limit: int) -> Sequence[OutboxMessageShown]:
        """The dead messages, then those that are longest due."""
        return await self._messages.get_page(limit=limit)

    async def retry(self, message_id: UUID | None = None) -> int:
        """Make a dead message due, or all of them; how many there were."""
        return await self._messages.revive(message_id, now=clock.now())
