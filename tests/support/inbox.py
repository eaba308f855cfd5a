"""Delivery of the outbox in tests, and the mails that were sent."""

import asyncio
from uuid import UUID

from sqlmodel import col, select

from app.mail.memory import MemoryMailer
from app.mail.message import Mail
from app.outbox.dependencies import get_outbox_service
from app.outbox.models import OutboxMessage
from app.outbox.worker import Worker
from app.runtime.resources import Resources
from app.runtime.unit_of_work import open_unit_of_work


async def deliver(resources: Resources) -> None:
    """Process due messages as a worker does, until none is due, including those added meanwhile."""
    worker = Worker(resources)
    while await worker.start_due_messages():
        await worker.finish()


class Inbox:
    """Mails that were sent from the outbox."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def read(self) -> list[Mail]:
        """Process the outbox, and return all mails sent so far."""
        await deliver(self._resources)
        assert isinstance(self._resources.mailer, MemoryMailer)
        return self._resources.mailer.sent


class HeldMailer(MemoryMailer):
    """Mailer that holds each mail until the test sets `released`."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: asyncio.Queue[Mail] = asyncio.Queue()
        self.released = asyncio.Event()

    async def send(self, mail: Mail, *, key: UUID) -> None:
        self.begun.put_nowait(mail)
        await self.released.wait()
        await super().send(mail, key=key)


async def add_mails(resources: Resources, *receivers: str) -> None:
    """Commit a mail to each receiver to the outbox."""
    async with open_unit_of_work(resources) as unit:
        outbox = await get_outbox_service(unit)
        for receiver in receivers:
            outbox.add(Mail(to=receiver, subject="Hi", text="Hello", html="<p>Hello</p>"))


async def stored_messages(resources: Resources) -> list[OutboxMessage]:
    """Return the messages in the outbox, oldest first."""
    statement = select(OutboxMessage).order_by(col(OutboxMessage.id))
    async with resources.database.transaction(read_only=True) as session:
        return list((await session.exec(statement)).all())
