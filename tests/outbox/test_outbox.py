"""Outbox messages: success, retries, and messages that are given up."""

from asyncio import gather
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from httpx import AsyncClient
from sqlmodel import select

from app.core import clock
from app.core.config import Settings
from app.core.encryption import Cipher
from app.core.keys import KeyRing
from app.features import FEATURES
from app.mail.memory import MemoryMailer
from app.mail.message import Mail
from app.one_time_tokens.models import OneTimeToken
from app.outbox.dependencies import get_outbox_service
from app.outbox.jobs import MAIL_HANDLER
from app.outbox.service import LEASE, MAX_ATTEMPTS, read_message
from app.outbox.worker import MESSAGES_AT_ONCE, Worker
from app.runtime.resources import Resources, open_resources
from app.runtime.unit_of_work import open_unit_of_work
from tests.conftest import SetClock
from tests.support.factories import API, Factory
from tests.support.inbox import Inbox, add_mails, deliver, stored_messages
from tests.support.isolation import captured_log
from tests.support.smtp import mailer_for, smtp_server

ADA = "ada@example.com"


async def test_a_transaction_that_is_rolled_back_sends_no_mail(live_resources: Resources) -> None:
    with pytest.raises(RuntimeError):
        async with open_unit_of_work(live_resources) as unit:
            (await get_outbox_service(unit)).add(
                Mail(to=ADA, subject="Hi", text="Hello", html="Hello")
            )
            raise RuntimeError

    assert await Inbox(live_resources).read() == []


async def test_the_outbox_table_contains_no_plain_text_of_a_message(
    live_resources: Resources,
) -> None:
    await add_mails(live_resources, ADA)

    [message] = await stored_messages(live_resources)

    assert b"ada@" not in message.payload
    assert ADA not in repr(message.model_dump(exclude={"payload"}))


async def test_a_message_can_be_decrypted_while_its_secret_is_a_fallback(
    live_resources: Resources, settings: Settings
) -> None:
    await add_mails(live_resources, ADA)
    [message] = await stored_messages(live_resources)
    rotated = KeyRing(["new-secret" * 4, *settings.secrets])

    _, opened = read_message(message, [MAIL_HANDLER], Cipher(rotated, purpose="outbox"))

    assert isinstance(opened, Mail)
    assert opened.to == ADA


async def test_a_mail_that_failed_is_sent_again_when_it_is_due(
    live_resources: Resources, settings: Settings, set_clock: SetClock
) -> None:
    await add_mails(live_resources, ADA)
    set_clock(clock.now())
    async with smtp_server(RCPT="450 try later") as server:
        resources = replace(live_resources, mailer=mailer_for(server, settings))
        await deliver(resources)
        del server.replies["RCPT"]
        [failed] = await stored_messages(resources)
        assert failed.due_at is not None

        set_clock(failed.due_at - timedelta(microseconds=1))
        await deliver(resources)
        assert server.mails == []
        set_clock(failed.due_at)
        await deliver(resources)

        assert [mail["To"] for mail in server.mails] == [ADA]
    assert (failed.attempts, failed.last_error) == (1, "SMTPRecipientsRefused")


async def test_the_log_of_a_failed_mail_names_the_error_class_and_no_address(
    live_resources: Resources, settings: Settings, set_clock: SetClock
) -> None:
    await add_mails(live_resources, ADA)
    set_clock(clock.now())
    with captured_log() as log:
        async with smtp_server(RCPT="550 no ada@example.com here") as server:
            await deliver(replace(live_resources, mailer=mailer_for(server, settings)))

    [line] = log.lines
    assert (line["event"], line["level"]) == ("outbox.failed", "warning")
    assert (line["kind"], line["error"]) == ("mail", "SMTPRecipientsRefused")
    assert "ada@" not in log.text


async def test_a_message_is_given_up_after_its_last_attempt(
    live_resources: Resources, settings: Settings, set_clock: SetClock
) -> None:
    await add_mails(live_resources, ADA)
    set_clock(clock.now())
    with captured_log() as log:
        async with smtp_server(RCPT="550 no") as server:
            resources = replace(live_resources, mailer=mailer_for(server, settings))
            for attempt in range(1, MAX_ATTEMPTS + 1):
                await deliver(resources)
                [message] = await stored_messages(resources)
                assert message.attempts == attempt
                set_clock(message.due_at or clock.now() + timedelta(days=1))

            await deliver(resources)

    [message] = await stored_messages(resources)
    assert (message.due_at, message.attempts) == (None, MAX_ATTEMPTS)
    assert [line["event"] for line in log.lines][-2:] == ["outbox.failed", "outbox.dead"]


async def test_a_message_that_crashes_each_worker_is_given_up(
    live_resources: Resources, set_clock: SetClock
) -> None:
    await add_mails(live_resources, ADA)
    for _ in range(MAX_ATTEMPTS):
        async with open_unit_of_work(live_resources) as unit:
            assert len(await (await get_outbox_service(unit)).claim(1)) == 1
        set_clock(clock.now() + LEASE)

    mails = await Inbox(live_resources).read()

    [message] = await stored_messages(live_resources)
    assert (mails, message.due_at, message.last_error) == ([], None, "WorkersLost")


async def test_two_workers_send_each_mail_once(
    live_resources: Resources, settings: Settings
) -> None:
    receivers = [f"{number}@example.com" for number in range(50)]
    await add_mails(live_resources, *receivers)
    async with open_resources(settings, FEATURES) as opened:
        other = replace(opened, mailer=MemoryMailer())
        workers = [Worker(live_resources), Worker(other)]
        assert [await worker.start_due_messages() for worker in workers] == [MESSAGES_AT_ONCE] * 2

        await gather(*[worker.finish() for worker in workers])
        await gather(deliver(live_resources), deliver(other))

        shares = [await Inbox(resources).read() for resources in (live_resources, other)]
    assert Counter(mail.to for share in shares for mail in share) == Counter(receivers)


async def test_an_expired_lease_is_claimed_again_and_its_old_owner_changes_nothing(
    live_resources: Resources, set_clock: SetClock
) -> None:
    await add_mails(live_resources, ADA)
    async with open_unit_of_work(live_resources) as unit:
        [claimed] = await (await get_outbox_service(unit)).claim(1)
    assert claimed.due_at is not None
    assert await Inbox(live_resources).read() == []

    set_clock(claimed.due_at)
    async with open_unit_of_work(live_resources) as unit:
        [claimed_again] = await (await get_outbox_service(unit)).claim(1)
        await (await get_outbox_service(unit)).postpone(claimed, TimeoutError())

    [message] = await stored_messages(live_resources)
    assert (message.due_at, message.last_error) == (claimed.due_at + LEASE, None)
    assert claimed_again.attempts == claimed.attempts + 1


async def test_only_one_of_two_workers_handles_the_same_reset_request(
    live: AsyncClient, live_resources: Resources, live_factory: Factory
) -> None:
    user = await live_factory.user()
    await live.post(f"{API}/auth/password-reset", json={"email": user.email})
    first, second = Worker(live_resources), Worker(live_resources)
    async with open_unit_of_work(live_resources) as unit:
        [claimed] = await (await get_outbox_service(unit)).claim(1)

    await gather(first._process(claimed), second._process(claimed))

    assert [mail.to for mail in await Inbox(live_resources).read()] == [user.email]


async def test_a_reset_request_that_fails_changes_only_its_own_message(
    live: AsyncClient,
    live_resources: Resources,
    live_factory: Factory,
    set_clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    user = await live_factory.user()
    await live.post(f"{API}/auth/password-reset", json={"email": user.email})
    monkeypatch.setattr("app.passwords.service.reset_mail", fail)
    set_clock(clock.now())

    await deliver(live_resources)

    async with live_resources.database.transaction(read_only=True) as session:
        assert (await session.exec(select(OneTimeToken))).all() == []
    [message] = await stored_messages(live_resources)
    assert (message.kind, message.last_error) == ("reset_request", "RuntimeError")
