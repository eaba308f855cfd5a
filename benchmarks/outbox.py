"""Rate of a worker, and mails lost by `kill -9`: `python -m benchmarks.outbox`.

Rate: one worker process sends mails to a server that delays each of them. Kills: workers are killed
repeatedly, under load and at random moments; then a last worker must send all remaining mails, for
which it waits until the leases of the killed workers have expired. The `Message-ID` of each mail is
unique, so that lost and duplicate mails can be counted.

The name of the database at `DATABASE_URL` must end in `_test`, and its outbox must be empty. The
mail server runs in this process, and the figures do not include a network.
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

from app.features import FEATURES, ServiceSettings
from app.mail.message import Mail
from app.outbox.dependencies import get_outbox_service
from app.runtime.resources import Resources, open_resources
from app.runtime.unit_of_work import open_unit_of_work

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
BATCH = 500
MAILS_PER_KILL = 200
LONGEST_LIFE_SECONDS = 1.0
"""Maximum time from the first mail of a worker to its end, in seconds."""
WAIT_SECONDS = 300.0


@dataclass
class MailServer:
    """SMTP server that delays every mail, and counts how often it received each."""

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
        """Wait until `mails` different mails have arrived."""
        async with asyncio.timeout(WAIT_SECONDS), self.changed:
            await self.changed.wait_for(lambda: len(self.received) >= mails)


@asynccontextmanager
async def serve_mail(delay_seconds: float) -> AsyncIterator[MailServer]:
    """Run the mail server inside the context."""
    server = MailServer(delay_seconds)
    listener = await asyncio.start_server(server.converse, HOST, 0)
    server.port = listener.sockets[0].getsockname()[1]
    yield server
    listener.close()


def environment_for(server: MailServer) -> dict[str, str]:
    """Return the environment of a worker. Its secret is new and cannot decrypt older messages."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.removesuffix(".db").endswith("_test"):
        sys.exit("DATABASE_URL must end in '_test', because the benchmark fills the database.")
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
    """Start a command of `python -m app`."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", command), cwd=ROOT, env=environment, stdout=DEVNULL
    )


async def fill(resources: Resources, count: int) -> None:
    """Commit `count` mails to the outbox."""
    for begin in range(0, count, BATCH):
        async with open_unit_of_work(resources) as unit:
            outbox = await get_outbox_service(unit)
            for _ in range(begin, min(begin + BATCH, count)):
                outbox.add(
                    Mail(to="ada@example.com", subject="Hi", text="Hello " * 100, html="<p>" * 300)
                )


async def measure_rate(
    server: MailServer, resources: Resources, environment: dict[str, str], mails: int
) -> None:
    """Print the number of mails that one worker sends in a minute, not counting its start."""
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
    """Print the numbers of lost and duplicate mails if workers are killed under load."""
    before, sent_before = len(server.received), sum(server.received.values())
    for _ in range(kills):
        await fill(resources, MAILS_PER_KILL)
        seen = len(server.received)
        worker = await start("worker", environment)
        await server.wait_for(mails=seen + 1)
        await asyncio.sleep(random.uniform(0, LONGEST_LIFE_SECONDS))  # noqa: S311 -- a delay
        worker.kill()
        await worker.wait()
    last = await start("worker", environment)
    expected = kills * MAILS_PER_KILL
    try:
        await server.wait_for(mails=before + expected)
    except TimeoutError:
        typer.echo(f"The last worker did not send all mails in {WAIT_SECONDS:.0f} s.")
    last.terminate()
    await last.wait()
    arrived = len(server.received) - before
    twice = sum(server.received.values()) - sent_before - arrived
    typer.echo(f"{kills} kills: {expected} mails, {expected - arrived} lost, {twice} duplicates")


async def run(*, mails: int, kills: int, delay_ms: float) -> None:
    """Migrate the database, measure the rate, and kill workers."""
    async with serve_mail(delay_ms / 1000) as server:
        environment = environment_for(server)
        if await (await start("migrate", environment)).wait() != 0:
            sys.exit("Migrating the database failed.")
        settings = ServiceSettings(
            _env_file=None,
            secret_key=environment["SECRET_KEY"],
            database_url=environment["DATABASE_URL"],
        )
        async with open_resources(settings, FEATURES) as resources:
            await measure_rate(server, resources, environment, mails)
            await kill_workers(server, resources, environment, kills)


def main(
    mails: Annotated[int, typer.Option(min=1, help="Mails in the measurement of the rate.")] = 3000,
    kills: Annotated[int, typer.Option(min=0, help="Number of workers to kill.")] = 20,
    delay_ms: Annotated[float, typer.Option(min=0, help="Delay of each mail by the server.")] = 100,
) -> None:
    """Measure the rate of a worker, and the mails lost when workers are killed."""
    asyncio.run(run(mails=mails, kills=kills, delay_ms=delay_ms))


if __name__ == "__main__":
    typer.run(main)
