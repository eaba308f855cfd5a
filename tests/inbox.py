"""What is in the outbox reaches its receivers when a test says so."""

from app.core.mail import Mail, MemoryMailer
from app.core.resources import Resources
from app.worker import Worker


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
