"""What is in the outbox reaches its receivers when a test says so."""

import asyncio
from uuid import UUID

from sqlmodel import col, select

from app.mail.memory import MemoryMailer
from app.mail.message import Mail
from app.outbox.models import OutboxMessage
from app.outbox.worker import Worker
from app.runtime.resources import Resources
from app.runtime.services import unit_of_work


async def deliver(resources: Resources) -> None:
    """Do what is due as a worker does it, and what that adds, until nothing is due."""
    worker = Worker(resources)
    while await worker.take():
        await worker.finish()


class Inbox:
    """The mails that left."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def read(self) -> list[Mail]:
        """All mails so far, after a delivery."""
        await deliver(self._resources)
        assert isinstance(self._resources.mailer, MemoryMailer)
        return self._resources.mailer.sent


class HeldMailer(MemoryMailer):
    """Takes its time for each mail, until the test lets them go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: asyncio.Queue[Mail] = asyncio.Queue()
        self.released = asyncio.Event()

    async def send(self, mail: Mail, *, key: UUID) -> None:
        """Keep it, when it may go."""
        self.begun.put_nowait(mail)
        await self.released.wait()
        await super().send(mail, key=key)


async def add_mails(resources: Resources, *receivers: str) -> None:
    """Commit a mail to each of them."""
    async with unit_of_work(resources) as services:
        for receiver in receivers:
            services.outbox.add(Mail(to=receiver, subject="Hi", text="Hello", html="<p>Hello</p>"))


async def stored_messages(resources: Resources) -> list[OutboxMessage]:
    """What the outbox holds, oldest first."""
    statement = select(OutboxMessage).order_by(col(OutboxMessage.id))
    async with resources.database.transaction(read_only=True) as session:
        return list((await session.exec(statement)).all())
