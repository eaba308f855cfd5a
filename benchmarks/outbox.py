"""What a worker sends, and what `kill -9` loses: `python -m benchmarks.outbox`.

Rate: one worker process and a mail server that takes its time for each mail. Kills: under load, at
random moments, again and again; then the last worker has to send all that is left, for which it
waits until the leases of the dead have run out. Each mail has a name of its own, so that the lost
and those that came twice can be counted.

`DATABASE_URL` says where, its name has to end in `_test`, and its outbox has to be empty. The mail
server is in this process and the network is not in the figures.
"""

import asyncio
import os
import random
import secrets
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from app.core.config import Settings
from app.mail.message import Mail
from app.runtime.resources import Resources, open_resources
from app.runtime.services import unit_of_work

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
BATCH = 500
MAILS_PER_KILL = 200
LONGEST_LIFE_SECONDS = 1.0
"""Of a worker, from its first mail to its end."""
WAIT_SECONDS = 300.0


@dataclass
class MailServer:
    """Takes every mail, slowly, and counts how often each came."""

    delay_seconds: float
    port: int = 0
    received: Counter[str] = field(default_factory=Counter)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, until the client closes it or is killed."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._take_mails(reader, writer)
        writer.close()

    async def _take_mails(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while command := await reader.readline():
            if command.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                mail = await reader.readuntil(b"\r\n.\r\n")
                await asyncio.sleep(self.delay_seconds)
                await self._count(mail)
            writer.write(b"221 bye\r\n" if command.startswith(b"QUIT") else b"250 fine\r\n")

    async def _count(self, mail: bytes) -> None:
        name = next(line for line in mail.splitlines() if line.lower().startswith(b"message-id"))
        async with self.changed:
            self.received[name.decode()] += 1
            self.changed.notify_all()

    async def wait_for(self, *, mails: int) -> None:
        """Return when that many different mails have come."""
        async with asyncio.timeout(WAIT_SECONDS), self.changed:
            await self.changed.wait_for(lambda: len(self.received) >= mails)


@asynccontextmanager
async def serve_mail(delay_seconds: float) -> AsyncIterator[MailServer]:
    """The mail server, while the context lasts."""
    server = MailServer(delay_seconds)
    listener = await asyncio.start_server(server.converse, HOST, 0)
    server.port = listener.sockets[0].getsockname()[1]
    yield server
    listener.close()


def environment_for(server: MailServer) -> dict[str, str]:
    """All that a worker is told. Its secret is new: what others have left it could not read."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.removesuffix(".db").endswith("_test"):
        sys.exit("The benchmark fills its database: DATABASE_URL has to end in '_test'.")
    return {
        "PYTHONPATH": str(ROOT),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": url,
        "MAIL_BACKEND": "smtp",
        "SMTP_HOST": HOST,
        "SMTP_PORT": str(server.port),
        "SMTP_SECURITY": "none",
        "LOG_LEVEL": "WARNING",
    }


async def start(command: str, environment: dict[str, str]) -> Process:
    """A process of the service."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", command), cwd=ROOT, env=environment, stdout=DEVNULL
    )


async def fill(resources: Resources, count: int) -> None:
    """Commit that many mails."""
    for begin in range(0, count, BATCH):
        async with unit_of_work(resources) as services:
            for _ in range(begin, min(begin + BATCH, count)):
                services.outbox.add(
                    Mail(to="ada@example.com", subject="Hi", text="Hello " * 100, html="<p>" * 300)
                )


async def measure_rate(
    server: MailServer, resources: Resources, environment: dict[str, str], mails: int
) -> None:
    """Print what one worker sends in a minute; its start is not counted."""
    await fill(resources, mails)
    worker = await start("worker", environment)
    await server.wait_for(mails=1)
    began = time.perf_counter()
    await server.wait_for(mails=mails)
    seconds = time.perf_counter() - began
    worker.terminate()
    await worker.wait()
    typer.echo(f"One worker: {mails} mails in {seconds:.1f} s, {mails / seconds * 60:.0f} a minute")


async def kill_workers(
    server: MailServer, resources: Resources, environment: dict[str, str], kills: int
) -> None:
    """Print what is lost and what comes twice when workers are killed under load."""
    before, sent_before = len(server.received), sum(server.received.values())
    for _ in range(kills):
        await fill(resources, MAILS_PER_KILL)
        seen = len(server.received)
        worker = await start("worker", environment)
        await server.wait_for(mails=seen + 1)
        await asyncio.sleep(random.uniform(0, LONGEST_LIFE_SECONDS))  # noqa: S311 -- a moment
        worker.kill()
        await worker.wait()
    last = await start("worker", environment)
    expected = kills * MAILS_PER_KILL
    try:
        await server.wait_for(mails=before + expected)
    except TimeoutError:
        typer.echo("The last worker has not sent all in time.")
    last.terminate()
    await last.wait()
    arrived = len(server.received) - before
    twice = sum(server.received.values()) - sent_before - arrived
    typer.echo(f"{kills} kills: {expected} mails, {expected - arrived} lost, {twice} duplicates")


async def run(*, mails: int, kills: int, delay_ms: float) -> None:
    """Measure both."""
    async with serve_mail(delay_ms / 1000) as server:
        environment = environment_for(server)
        if await (await start("migrate", environment)).wait() != 0:
            sys.exit("The database cannot be migrated.")
        settings = Settings(
            _env_file=None,
            secret_key=environment["SECRET_KEY"],
            database_url=environment["DATABASE_URL"],
        )
        async with open_resources(settings) as resources:
            await measure_rate(server, resources, environment, mails)
            await kill_workers(server, resources, environment, kills)


def main(
    mails: Annotated[int, typer.Option(min=1, help="How many to measure the rate with.")] = 3000,
    kills: Annotated[int, typer.Option(min=0, help="How many workers are killed.")] = 20,
    delay_ms: Annotated[float, typer.Option(min=0, help="What the server takes for a mail.")] = 100,
) -> None:
    """Measure how fast mails leave, and whether any is lost."""
    asyncio.run(run(mails=mails, kills=kills, delay_ms=delay_ms))


if __name__ == "__main__":
    typer.run(main)
