"""Processes that are killed with SIGKILL, which lose no mail."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlmodel import update

from app.core import clock
from app.core.config import Settings
from app.core.migrations import ROOT
from app.outbox.models import OutboxMessage
from app.runtime.resources import Resources
from tests.support.factories import API, registration
from tests.support.inbox import add_mails, deliver, stored_messages
from tests.support.smtp import SmtpServer, mailer_for, smtp_server

ADA = "ada@example.com"
Start = Callable[..., AbstractAsyncContextManager[Process]]


@pytest.fixture
def start(settings: Settings, live_resources: Resources, tmp_path: Path) -> Start:
    """Return a function that runs a command with an SMTP server and kills it at the end."""

    @asynccontextmanager
    async def start(server: SmtpServer, *arguments: str) -> AsyncIterator[Process]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SECRET_KEY": settings.secret_key.get_secret_value(),
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "ARGON2_MEMORY_KIB": str(settings.argon2_memory_kib),
            "MAIL_BACKEND": "smtp",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(server.port),
            "SMTP_SECURITY": "none",
        }
        command = [sys.executable, "-m", "app", *arguments]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, env=environment, stdout=PIPE
        )
        try:
            async with asyncio.timeout(30):
                yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    return start


async def expire_leases(resources: Resources) -> None:
    """Set all messages due, as if the leases of their workers had expired."""
    async with resources.database.transaction() as session:
        await session.exec(update(OutboxMessage).values(due_at=clock.now()))


async def test_a_mail_is_sent_if_the_api_is_killed_after_the_commit(
    start: Start, live_resources: Resources
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with smtp_server(**{"(connection)": ""}) as server:
        async with start(server, "serve", "--port", str(port)) as api:
            assert api.stdout is not None
            while b"Uvicorn running" not in await api.stdout.readline():
                pass
            url = f"http://127.0.0.1:{port}{API}/users"
            async with httpx.AsyncClient(trust_env=False) as client:
                response = await client.post(url, json=registration(email=ADA))
            await server.is_silent.wait()
            api.kill()
            await api.wait()
        assert (response.status_code, server.mails) == (201, [])
        server.replies["(connection)"] = "220 here"
        await expire_leases(live_resources)

        async with start(server, "worker") as worker:
            await server.wait_for_mails(1)
            worker.terminate()
            status = await worker.wait()

    assert [mail["To"] for mail in server.mails] == [ADA]
    assert (status, await stored_messages(live_resources)) == (0, [])


async def test_a_worker_that_is_killed_while_it_sends_loses_no_mail(
    start: Start, live_resources: Resources, settings: Settings
) -> None:
    receivers = {f"{number}@example.com" for number in range(15)}
    await add_mails(live_resources, *receivers)
    async with smtp_server(**{"(mail)": ""}) as server:
        async with start(server, "worker") as worker:
            await server.wait_for_mails(10)
            worker.kill()
            await worker.wait()
        del server.replies["(mail)"]
        await expire_leases(live_resources)

        await deliver(replace(live_resources, mailer=mailer_for(server, settings)))

    # Mails that the server received but did not confirm are sent again with the same Message-ID.
    assert len(server.mails) == 25
    assert {mail["To"] for mail in server.mails} == receivers
    assert len({mail["Message-ID"] for mail in server.mails}) == 15
    assert await stored_messages(live_resources) == []
