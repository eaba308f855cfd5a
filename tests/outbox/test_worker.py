"""Outbox worker: its polling, its concurrency, and its shutdown."""

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
from app.outbox.dependencies import get_outbox_service
from app.outbox.worker import MESSAGES_AT_ONCE, Worker, running_worker
from app.runtime.resources import Resources
from app.runtime.unit_of_work import open_unit_of_work
from tests.conftest import SetClock
from tests.support.factories import API, registration
from tests.support.inbox import HeldMailer, add_mails, deliver, stored_messages
from tests.support.isolation import captured_log
from tests.support.observation import unreachable_database
from tests.support.smtp import mailer_for, smtp_server

ADA, EVE = "ada@example.com", "eve@example.com"
NEVER = 3600.0


@pytest.fixture
def held() -> HeldMailer:
    return HeldMailer()


@pytest.fixture
def resources(live_resources: Resources, held: HeldMailer) -> Resources:
    """Return the resources of a separate process, which commits in other processes do not wake."""
    return replace(live_resources, mailer=held, outbox_filled=asyncio.Event())


@asynccontextmanager
async def running(resources: Resources) -> AsyncIterator[Worker]:
    """Run a worker in a task. The test has to stop it."""
    worker = Worker(resources)
    async with asyncio.timeout(10):
        task = asyncio.create_task(worker.run())
        yield worker
        await task


async def test_a_commit_in_the_same_process_wakes_the_worker_immediately(
    live: AsyncClient, live_resources: Resources, held: HeldMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", NEVER)
    held.released.set()
    async with asyncio.timeout(10), running_worker(replace(live_resources, mailer=held)):
        await live.post(f"{API}/users", json=registration(email=ADA))

        mail = await held.begun.get()

    assert mail.to == ADA
    assert await stored_messages(live_resources) == []


async def test_the_worker_finds_messages_of_other_processes_by_polling(
    live_resources: Resources,
    resources: Resources,
    held: HeldMailer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    held.released.set()
    async with running(resources) as worker:
        await add_mails(live_resources, ADA)

        assert (await held.begun.get()).to == ADA
        worker.stop()


async def test_the_worker_claims_only_messages_that_it_can_send_and_holds_no_connection(
    resources: Resources, held: HeldMailer
) -> None:
    receivers = [f"{number:02}@example.com" for number in range(MESSAGES_AT_ONCE + 2)]
    await add_mails(resources, *receivers)
    async with running(resources) as worker:
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


async def test_a_stopped_worker_sends_its_claimed_messages_and_no_others(
    resources: Resources, held: HeldMailer
) -> None:
    await add_mails(resources, ADA)
    async with running(resources) as worker:
        await held.begun.get()
        worker.stop()
        await add_mails(resources, EVE)
        held.released.set()

    assert [mail.to for mail in held.sent] == [ADA]
    assert [message.attempts for message in await stored_messages(resources)] == [0]


async def test_a_stopped_worker_waits_only_for_the_grace_period(
    resources: Resources, held: HeldMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.01)
    await add_mails(resources, ADA)
    async with running(resources) as worker:
        await held.begun.get()
        worker.stop()

    [message] = await stored_messages(resources)
    assert (message.attempts, message.last_error) == (1, None)
    assert message.due_at is not None


async def test_a_mail_that_exceeds_the_timeout_is_sent_again(
    resources: Resources, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DELIVERY_SECONDS", 0.01)
    await add_mails(resources, ADA)
    set_clock(clock.now())

    await deliver(resources)

    [message] = await stored_messages(resources)
    assert (message.attempts, message.last_error) == (1, "TimeoutError")


async def test_the_worker_waits_for_an_unavailable_database(
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
    async with running(replace(resources, database=unreachable_database())) as worker:
        await held.begun.get()
        worker.stop()

    assert failed == [1, 2]
    assert await stored_messages(resources) == []


async def test_a_message_whose_result_cannot_be_stored_keeps_its_lease(
    resources: Resources,
) -> None:
    await add_mails(resources, ADA)
    async with open_unit_of_work(resources) as unit:
        [claimed] = await (await get_outbox_service(unit)).claim(1)
    unavailable = replace(resources, mailer=MemoryMailer(), database=unreachable_database())

    with captured_log() as log:
        await Worker(unavailable)._process(claimed)

    assert log.lines[-1]["event"] == "outbox.left_to_its_lease"
    assert [message.attempts for message in await stored_messages(resources)] == [1]


async def test_the_lag_of_the_worker_grows_while_mails_fail_and_is_zero_afterwards(
    resources: Resources, held: HeldMailer, set_clock: SetClock
) -> None:
    unreachable_smtp = resources.settings.model_copy(
        update={"smtp_host": "127.0.0.1", "smtp_port": 1}
    )
    failing = Worker(replace(resources, mailer=SmtpMailer(unreachable_smtp)))
    worker = Worker(resources)
    held.released.set()
    await add_mails(resources, ADA)

    await failing.start_due_messages()
    await failing.finish()
    set_clock(clock.now() + timedelta(minutes=90))
    await worker.start_due_messages()
    lag_while_failing = worker.lag_seconds
    await worker.finish()
    await worker.start_due_messages()

    assert round(lag_while_failing / 60) == 90
    assert worker.lag_seconds == 0


async def test_a_stopped_worker_does_not_wait_for_a_mail_server_that_hangs(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(module, "CANCEL_SECONDS", 0.0)
    await add_mails(resources, ADA)

    async with smtp_server(MAIL="") as server:
        worker = Worker(replace(resources, mailer=mailer_for(server, resources.settings)))
        await worker.start_due_messages()
        await server.is_silent.wait()
        async with asyncio.timeout(5):  # less than the client waits for the response to QUIT
            await worker.finish()

    assert len(await stored_messages(resources)) == 1
