"""Worker, which processes the messages of the outbox.

It runs in the API's process, or in any number of processes of its own (`python -m app worker`). If
it ends for any reason, the messages that it has claimed are due again when their leases end.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.core import clock
from app.core.backoff import full_jitter
from app.core.errors import ServiceUnavailable
from app.core.logging import bind_request_id, get_logger
from app.outbox.dependencies import get_outbox_service
from app.outbox.models import OutboxMessage
from app.outbox.service import handlers_of, read_message
from app.runtime.outbox_handlers import DeliveryHandler, TransactionHandler
from app.runtime.resources import Resources
from app.runtime.unit_of_work import open_unit_of_work

if TYPE_CHECKING:
    from app.runtime.telemetry import Telemetry

MESSAGES_AT_ONCE = 10
DELIVERY_SECONDS = 30.0
"""Maximum duration of a delivery, in seconds. The rest of the lease allows for the database, and
for clocks that differ.
"""
POLL_SECONDS = 1.0
"""Time after which messages of other processes, and retries, are found, in seconds."""
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=30)
"""Maximum pause while the database is unavailable."""
GRACE_SECONDS = 5.0
"""Time for unfinished messages after a stop, in seconds. Container engines kill after 10 s."""
CANCEL_SECONDS = 1.0

_logger = get_logger(__name__)


class Worker:
    """Loop that processes messages when they are due, several at once."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._handlers = [*handlers_of(resources.features)]
        self._wake = resources.outbox_filled
        self._in_progress: set[asyncio.Task[None]] = set()
        self._oldest: datetime | None = None
        self._stopped = False

    @property
    def lag_seconds(self) -> float:
        """Age of the oldest message that is not dead, as of the last poll; 0 without one."""
        if self._oldest is None:
            return 0
        return (clock.now() - self._oldest).total_seconds()

    def report_lag_to(self, telemetry: "Telemetry") -> None:
        """Export the lag as a metric."""
        description = "Age of the oldest message, in seconds."
        telemetry.gauge("app.outbox.lag", description, lambda: self.lag_seconds)

    def stop(self) -> None:
        """Stop `run`, which claims no more messages and ends when its messages are processed."""
        self._stopped = True
        self._wake.set()

    async def run(self) -> None:
        """Process messages until `stop`, or until the process is about to stop.

        While the database is unavailable, wait for it.
        """
        failures = 0
        while not (self._stopped or self._resources.stopping.is_set()):
            self._wake.clear()
            try:
                await self.start_due_messages()
                failures = 0
            except ServiceUnavailable:  # the database has logged the reason
                failures += 1
            except Exception:
                failures += 1
                _logger.exception("outbox.unreadable")
            # Now either MESSAGES_AT_ONCE are in progress, or no message is due.
            await self._pause(failures)
        await self.finish()

    async def start_due_messages(self) -> int:
        """Claim messages that are due, and start to process them. Return their number.

        Raises ServiceUnavailable when the database is unavailable.
        """
        free = MESSAGES_AT_ONCE - len(self._in_progress)
        if free == 0:
            return 0
        async with open_unit_of_work(self._resources) as unit:
            outbox = await get_outbox_service(unit)
            self._oldest = await outbox.get_oldest()
            claimed = await outbox.claim(free)
        for message in claimed:
            task = asyncio.create_task(self._process(message))
            self._in_progress.add(task)
            task.add_done_callback(self._end)
        return len(claimed)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._in_progress.discard(task)
        self._wake.set()

    async def _pause(self, failures: int) -> None:
        """Wait for a message, for the end of one in progress, or for the next poll.

        The poll is later after each failure.
        """
        pause = POLL_SECONDS
        if failures:
            pause += full_jitter(failures, first=FIRST_PAUSE, longest=LONGEST_PAUSE).total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._wake.wait()

    async def finish(self) -> None:
        """Wait for messages in progress. Those that take too long are due when their leases end."""
        if not self._in_progress:
            return
        _, late = await asyncio.wait(self._in_progress, timeout=GRACE_SECONDS)
        for task in late:
            task.cancel()
        if late:
            # With a limit, because closing the connection may wait for an unresponsive mail server.
            await asyncio.wait(late, timeout=CANCEL_SECONDS)

    async def _process(self, message: OutboxMessage) -> None:
        if message.request_id:
            bind_request_id(message.request_id)
        error = await self._attempt(message)
        if error is None:
            return
        # Outside of the `except` block, because an error logged here would otherwise include the
        # text of the first, which may contain an address.
        try:
            async with open_unit_of_work(self._resources) as unit:
                await (await get_outbox_service(unit)).postpone(message, error)
        except Exception:
            _logger.exception("outbox.left_to_its_lease", message_id=str(message.id))

    async def _attempt(self, stored: OutboxMessage) -> Exception | None:
        """Process the message. Return the error if it fails."""
        try:
            cipher = self._resources.outbox_cipher
            handler, message = read_message(stored, self._handlers, cipher)
            match handler:
                case DeliveryHandler():
                    async with asyncio.timeout(DELIVERY_SECONDS):
                        await handler.deliver(self._resources, message, stored.id)
                    async with open_unit_of_work(self._resources) as unit:
                        await (await get_outbox_service(unit)).remove(stored)
                case TransactionHandler():
                    async with open_unit_of_work(self._resources) as unit:
                        # First, so that another worker with the same message waits here.
                        if await (await get_outbox_service(unit)).remove(stored):
                            await handler.handle(unit, message)
        except Exception as error:  # noqa: BLE001 -- the message is retried after any error
            return error
        return None


@asynccontextmanager
async def running_worker(resources: Resources) -> AsyncIterator[Worker]:
    """Yield a worker that runs while the context lasts."""
    worker = Worker(resources)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await task
