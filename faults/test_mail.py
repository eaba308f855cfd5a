"""Outbox while the mail server refuses connections, hangs, or hangs up during a mail."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from faults.load import Load
from faults.programs import HOST, Postgres, Service, free_port, work
from faults.trial import Trials
from tests.support.smtp import SmtpServer

FAILED_ATTEMPTS = 3
RESULTS = 60
TRIED = "SELECT id FROM outbox WHERE attempts > 0"
DUE_NOW = "UPDATE outbox SET due_at = now()"
"""Statement that ends the pauses between attempts, and the leases of attempts that hang."""


class BrokenSmtpServer(SmtpServer):
    """SMTP server that hangs up during each mail."""

    async def converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one connection until the first line of a mail, and abort it."""
        writer.write(b"220 here\r\n")
        while not (await reader.readline()).startswith(b"DATA"):
            writer.write(b"250 fine\r\n")
        writer.write(b"354 go on\r\n")
        await reader.readline()
        writer.transport.abort()


@asynccontextmanager
async def listening(server: SmtpServer | None, port: int) -> AsyncIterator[None]:
    """Run the server at the port inside the context. Without a server, connections are refused."""
    if server is None:
        yield
        return
    connections: set[StreamWriter] = set()

    async def converse(reader: StreamReader, writer: StreamWriter) -> None:
        connections.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await server.converse(reader, writer)

    listener = await asyncio.start_server(converse, HOST, port)
    try:
        yield
    finally:
        listener.close()
        for writer in connections:
            writer.transport.abort()
        await listener.wait_closed()


@pytest.mark.parametrize(
    ("how", "server"),
    [
        ("refuses", None),
        ("hangs", SmtpServer({"(connection)": ""})),
        ("hangs up in DATA", BrokenSmtpServer({})),
    ],
    ids=["refuses", "hangs", "hangs_up"],
)
async def test_requests_succeed_without_a_mail_server_and_every_mail_is_sent_once_it_is_back(
    trials: Trials,
    postgres: Postgres,
    service: Service,
    directory: Path,
    how: str,
    server: SmtpServer | None,
) -> None:
    port, healthy, load = free_port(), SmtpServer({}), Load([service])
    await postgres.query("DELETE FROM outbox")
    async with work(postgres.url(), directory, SMTP_PORT=str(port)) as worker:
        async with (
            trials.fault(f"SMTP {how}", service, outcomes=(), load=load) as fault,
            listening(server, port),
        ):
            while len(await postgres.query(TRIED)) < FAILED_ATTEMPTS:
                pass
            await fault.wait_for_results(RESULTS)
        async with asyncio.timeout(60), listening(healthy, port):
            # Repeated, because a message that the worker is processing is rescheduled afterwards.
            while await postgres.query("SELECT id FROM outbox"):
                await postgres.query(DUE_NOW)

    assert {mail["To"] for mail in healthy.mails} >= load.registered
    log = "".join(worker.log)
    assert server is None or "outbox.failed" in log
    assert [secret for secret in load.secrets if secret in log] == []
