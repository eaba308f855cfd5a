"""The worker: takes messages out of the outbox, one service call each.

It runs in the API's process, or in processes of its own (`python -m app worker`), as many as one
likes. Whatever ends it, a message that it held is due again when its lease has run out.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import assert_never

from app.core import clock
from app.core.backoff import full_jitter
from app.core.errors import ServiceUnavailable
from app.core.logging import bind_request_id, get_logger
from app.mail.message import Mail
from app.outbox.models import OutboxMessage
from app.outbox.service import ResetRequest, open_message
from app.runtime.resources import Resources
from app.runtime.services import unit_of_work

MESSAGES_AT_ONCE = 10
SEND_SECONDS = 30.0
"""For one mail; the rest of the lease is for telling the database, and for clocks that differ."""
POLL_SECONDS = 1.0
"""How long messages of other processes, and retries, may go unseen."""
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=30)
"""While the database is away."""
GRACE_SECONDS = 5.0
"""For what is in hand when the worker is stopped: container engines kill after ten."""
CANCEL_SECONDS = 1.0

_logger = get_logger(__name__)


class Worker:
    """Works off what is due, several messages at once."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._wake = resources.outbox_filled
        self._in_hand: set[asyncio.Task[None]] = set()
        self._oldest: datetime | None = None
        self._stopped = False

    @property
    def lag_seconds(self) -> float:
        """How long the oldest message has waited, as of the last look, whether it was tried or not;
        0 when none waits. Dead ones wait for nothing.
        """
        if self._oldest is None:
            return 0
        return (clock.now() - self._oldest).total_seconds()

    def stop(self) -> None:
        """Have `run` claim nothing more, and end when what it has in hand is done."""
        self._stopped = True
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop`, or until the process is about to: what is in hand may then end beside
        its last requests. A database that is away is waited for.
        """
        failures = 0
        while not (self._stopped or self._resources.stopping.is_set()):
            self._wake.clear()
            try:
                await self.take()
                failures = 0
            except ServiceUnavailable:  # the database has logged why
                failures += 1
            except Exception:
                failures += 1
                _logger.exception("outbox.unreadable")
            # Now either all hands are full, or nothing more is due.
            await self._rest(failures)
        await self.finish()

    async def take(self) -> int:
        """Take in hand what is due, as far as there are hands; how many messages there were.

        Raises ServiceUnavailable when the database is away.
        """
        hands = MESSAGES_AT_ONCE - len(self._in_hand)
        if hands == 0:
            return 0
        async with unit_of_work(self._resources) as services:
            self._oldest = await services.outbox.get_oldest()
            claimed = await services.outbox.claim(hands)
        for message in claimed:
            task = asyncio.create_task(self._handle(message))
            self._in_hand.add(task)
            task.add_done_callback(self._put_down)
        return len(claimed)

    def _put_down(self, task: asyncio.Task[None]) -> None:
        self._in_hand.discard(task)
        self._wake.set()

    async def _rest(self, failures: int) -> None:
        """Wait until there is a free hand or something to do, or for as long as it may go unseen;
        after failures longer each time.
        """
        pause = POLL_SECONDS
        if failures:
            pause += full_jitter(failures, first=FIRST_PAUSE, longest=LONGEST_PAUSE).total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._wake.wait()

    async def finish(self) -> None:
        """Let what is in hand end, or leave it to whoever finds its lease run out."""
        if not self._in_hand:
            return
        _, late = await asyncio.wait(self._in_hand, timeout=GRACE_SECONDS)
        for task in late:
            task.cancel()
        if late:
            # A mail server that does not answer is not waited for by who says good-bye to it.
            await asyncio.wait(late, timeout=CANCEL_SECONDS)

    async def _handle(self, message: OutboxMessage) -> None:
        if message.request_id:
            bind_request_id(message.request_id)
        error = await self._attempt(message)
        if error is None:
            return
        # Not where the error was caught: this one is logged whole, and would bring along the text
        # of the other, which may hold an address.
        try:
            async with unit_of_work(self._resources) as services:
                await services.outbox.postpone(message, error)
        except Exception:
            _logger.exception("outbox.left_to_its_lease", message_id=str(message.id))

    async def _attempt(self, message: OutboxMessage) -> Exception | None:
        """Do what the message asks for; what went wrong, if anything did."""
        try:
            match open_message(message, self._resources.outbox_cipher):
                case Mail() as mail:
                    await self._send(mail, message)
                case ResetRequest(email=email):
                    async with unit_of_work(self._resources) as services:
                        # First: a second worker waits here, and then has nothing left to do.
                        if await services.outbox.remove(message):
                            await services.passwords.send_reset(email)
                case never:
                    assert_never(never)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the message is tried again
            return error
        return None

    async def _send(self, mail: Mail, message: OutboxMessage) -> None:
        """Send a mail, with no transaction open meanwhile. Who dies between the two steps has sent
        it, and somebody else sends it again under the same key.
        """
        async with asyncio.timeout(SEND_SECONDS):
            await self._resources.mailer.send(mail, key=message.id)
        async with unit_of_work(self._resources) as services:
            await services.outbox.remove(message)


@asynccontextmanager
async def running_worker(resources: Resources) -> AsyncIterator[Worker]:
    """A worker beside whatever else the process does."""
    worker = Worker(resources)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await task
