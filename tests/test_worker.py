"""How a worker goes about it: when it looks, how much it takes in hand, how it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from httpx import AsyncClient

from app.core import clock
from app.mail.memory import MemoryMailer
from app.mail.smtp import SmtpMailer
from app.outbox import worker as module
from app.outbox.worker import MESSAGES_AT_ONCE, Worker, running_worker
from app.runtime.resources import Resources
from app.runtime.services import unit_of_work
from tests.conftest import SetClock
from tests.factories import API, registration
from tests.inbox import HeldMailer, add_mails, deliver, stored_messages
from tests.isolation import captured_log
from tests.observation import unreachable_database
from tests.smtp import mailer_for, smtp_server

ADA, EVE = "ada@example.com", "eve@example.com"
NEVER = 3600.0


@pytest.fixture
def held() -> HeldMailer:
    return HeldMailer()


@pytest.fixture
def resources(live_resources: Resources, held: HeldMailer) -> Resources:
    """Those of a process of its own: commits of others do not wake it."""
    return replace(live_resources, mailer=held, outbox_filled=asyncio.Event())


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[asyncio.Task[None]]:
    """The worker at work; the test has to stop it."""
    async with asyncio.timeout(10):
        task = asyncio.create_task(worker.run())
        yield task
        await task


async def test_a_commit_in_its_process_wakes_it_at_once(
    live: AsyncClient,
    live_resources: Resources,
    held: HeldMailer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", NEVER)
    held.released.set()
    async with asyncio.timeout(10), running_worker(replace(live_resources, mailer=held)):
        await live.post(f"{API}/users", json=registration(email=ADA))

        mail = await held.begun.get()

    assert mail.to == ADA
    assert await stored_messages(live_resources) == []


async def test_what_other_processes_commit_is_seen_soon(
    live_resources: Resources,
    resources: Resources,
    held: HeldMailer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    held.released.set()
    worker = Worker(resources)
    async with running(worker):
        await add_mails(live_resources, ADA)

        assert (await held.begun.get()).to == ADA
        worker.stop()


async def test_no_more_is_in_hand_than_can_be_sent_at_once_and_no_transaction_is_open(
    resources: Resources, held: HeldMailer
) -> None:
    receivers = [f"{number:02}@example.com" for number in range(MESSAGES_AT_ONCE + 2)]
    await add_mails(resources, *receivers)
    worker = Worker(resources)
    async with running(worker):
        for _ in range(MESSAGES_AT_ONCE):
            await held.begun.get()
        pool = resources.database.engine.pool
        assert pool.checkedout() == 0  # type: ignore[attr-defined]  # a pool with a queue

        attempts = [message.attempts for message in await stored_messages(resources)]
        assert attempts == [1] * MESSAGES_AT_ONCE + [0, 0]
        held.released.set()
        for _ in range(2):
            await held.begun.get()
        worker.stop()

    assert sorted(mail.to for mail in held.sent) == receivers
    assert await stored_messages(resources) == []


async def test_a_stopped_worker_ends_what_it_has_in_hand_and_leaves_the_rest(
    resources: Resources, held: HeldMailer
) -> None:
    await add_mails(resources, ADA)
    worker = Worker(resources)
    async with running(worker):
        await held.begun.get()
        worker.stop()
        await add_mails(resources, EVE)
        held.released.set()

    assert [mail.to for mail in held.sent] == [ADA]
    assert [message.attempts for message in await stored_messages(resources)] == [0]


async def test_a_stopped_worker_does_not_wait_for_ever(
    resources: Resources, held: HeldMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.01)
    await add_mails(resources, ADA)
    worker = Worker(resources)
    async with running(worker):
        await held.begun.get()
        worker.stop()

    [message] = await stored_messages(resources)
    assert (message.attempts, message.last_error) == (1, None)
    assert message.due_at is not None


async def test_a_mail_that_takes_too_long_is_tried_again(
    resources: Resources, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEND_SECONDS", 0.01)
    await add_mails(resources, ADA)
    set_clock(clock.now())

    await deliver(resources)

    [message] = await stored_messages(resources)
    assert (message.attempts, message.last_error) == (1, "TimeoutError")


async def test_a_database_that_is_away_is_waited_for(
    resources: Resources, held: HeldMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[int] = []

    def pause_after(failures: int, **_: timedelta) -> timedelta:
        failed.append(failures)
        if failures == 2:
            worker._resources = resources
        return timedelta(0)

    monkeypatch.setattr(module, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(module, "full_jitter", pause_after)
    await add_mails(resources, ADA)
    held.released.set()
    worker = Worker(replace(resources, database=unreachable_database()))
    async with running(worker):
        await held.begun.get()
        worker.stop()

    assert failed == [1, 2]
    assert await stored_messages(resources) == []


async def test_a_mail_whose_outcome_cannot_be_stored_is_left_to_its_lease(
    resources: Resources,
) -> None:
    await add_mails(resources, ADA)
    async with unit_of_work(resources) as services:
        [claimed] = await services.outbox.claim(1)
    away = replace(resources, mailer=MemoryMailer(), database=unreachable_database())

    with captured_log() as log:
        await Worker(away)._handle(claimed)

    assert log.lines[-1]["event"] == "outbox.left_to_its_lease"
    assert [each.attempts for each in await stored_messages(resources)] == [1]


async def test_its_lag_grows_while_mails_fail_and_ends_when_they_have_left(
    resources: Resources, held: HeldMailer, set_clock: SetClock
) -> None:
    nobody = resources.settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": 1})
    failing = Worker(replace(resources, mailer=SmtpMailer(nobody)))
    worker = Worker(resources)
    held.released.set()
    await add_mails(resources, ADA)

    await failing.take()
    await failing.finish()
    set_clock(clock.now() + timedelta(minutes=90))
    await worker.take()
    behind = worker.lag_seconds
    await worker.finish()
    await worker.take()

    assert round(behind / 60) == 90
    assert worker.lag_seconds == 0


async def test_it_does_not_wait_for_a_mail_server_that_never_answers(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(module, "CANCEL_SECONDS", 0.0)
    await add_mails(resources, ADA)

    async with smtp_server(MAIL="") as server:
        worker = Worker(replace(resources, mailer=mailer_for(server, resources.settings)))
        await worker.take()
        await server.is_silent.wait()
        async with asyncio.timeout(5):  # less than the client waits to say good-bye
            await worker.finish()

    assert len(await stored_messages(resources)) == 1
