"""Jobs: work that starts after the answer, in a transaction of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import BackgroundTasks, Depends

from app.core.mail import MailQueue
from app.core.resources import Resources
from app.dependencies.database import ResourcesDep
from app.dependencies.services import Services


@asynccontextmanager
async def unit_of_work(resources: Resources) -> AsyncIterator[Services]:
    """Services in a transaction outside of any request; their mails leave after its commit."""
    mails = MailQueue(resources.mailer)
    async with resources.database.transaction(patient=True) as session:
        yield Services(session, mails, resources)
    await mails.deliver()


class Jobs:
    """Starts jobs. The request learns nothing of them, so it does the same for everyone."""

    def __init__(self, tasks: BackgroundTasks, resources: Resources) -> None:
        self._tasks = tasks
        self._resources = resources

    def send_password_reset(self, email: str) -> None:
        """Look the address up and mail its user a token, if there is one."""
        self._tasks.add_task(self._send_password_reset, email)

    async def _send_password_reset(self, email: str) -> None:
        async with unit_of_work(self._resources) as services:
            await services.passwords.send_reset(email)


async def get_jobs(tasks: BackgroundTasks, resources: ResourcesDep) -> Jobs:
    """The jobs that a request may start."""
    return Jobs(tasks, resources)


JobsDep = Annotated[Jobs, Depends(get_jobs)]
