"""Mails: their templates, their links and their transport over SMTP or to the console."""

import asyncio
import shlex
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from aiosmtplib import SMTPException
from fastapi import FastAPI
from httpx import AsyncClient
from jinja2 import UndefinedError
from pydantic import SecretStr

from app.core import clock
from app.core.config import Settings
from app.core.ids import new_id
from app.core.migrations import ROOT
from app.core.platform_settings import MailBackend, SmtpSecurity
from app.core.setting_group import Environment
from app.mail.console import ConsoleMailer
from app.mail.factory import create_mailer
from app.mail.message import Mail, render
from app.mail.smtp import SmtpMailer
from app.runtime.resources import Resources
from app.users.models import User
from tests.support.factories import API, OTHER_PASSWORD, registration
from tests.support.inbox import Inbox, deliver
from tests.support.isolation import Log, captured_log
from tests.support.smtp import mailer_for, smtp_server

MAIL = Mail(to="ada@example.com", subject="Grüße", text="Guten Tag", html="<p>Guten Tag</p>")
LOGIN = {"smtp_username": "plumbline", "smtp_password": SecretStr("smtp-pass")}
OFFERS_LOGIN = {"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "235 welcome"}
CREDENTIALS = b64encode(b"\0plumbline\0smtp-pass").decode()
TEMPLATE = "verification/templates/verify_email"
JSON = {"Content-Type": "application/json"}
FORGED = {"Host": "eve.example", "X-Forwarded-Host": "eve.example", "Forwarded": "host=eve.example"}


class TestSmtpMailer:
    async def test_a_mail_is_sent_as_text_and_html_from_the_service_to_the_user(
        self, settings: Settings
    ) -> None:
        async with smtp_server() as server:
            await mailer_for(server, settings).send(MAIL, key=new_id())

        [received] = server.mails
        text, html = received.iter_parts()
        assert received["From"] == "no-reply@example.com"
        assert received["To"] == "ada@example.com"
        assert received["Subject"] == "Grüße"
        assert received.get_content_type() == "multipart/alternative"
        assert (text.get_content_type(), text.get_content()) == ("text/plain", "Guten Tag\r\n")
        assert (html.get_content_type(), html.get_content()) == (
            "text/html",
            "<p>Guten Tag</p>\r\n",
        )

    async def test_a_sent_mail_has_the_current_date(self, settings: Settings) -> None:
        async with smtp_server() as server:
            await mailer_for(server, settings).send(MAIL, key=new_id())

        age = clock.now() - parsedate_to_datetime(server.mails[0]["Date"])
        assert timedelta(0) <= age < timedelta(minutes=1)

    async def test_a_mail_that_is_sent_again_has_the_same_message_id(
        self, settings: Settings
    ) -> None:
        keys = [new_id(), new_id()]
        async with smtp_server() as server:
            for key in [*keys, keys[0]]:
                await mailer_for(server, settings).send(MAIL, key=key)

        names = [received["Message-ID"] for received in server.mails]
        assert names == [f"<{key}@127.0.0.1>" for key in [*keys, keys[0]]]

    async def test_the_mailer_logs_in_if_a_user_name_is_configured(
        self, settings: Settings
    ) -> None:
        async with smtp_server(**OFFERS_LOGIN) as server:
            await mailer_for(server, settings, **LOGIN).send(MAIL, key=new_id())

        assert f"AUTH PLAIN {CREDENTIALS}" in server.commands

    @pytest.mark.parametrize("security", [SmtpSecurity.STARTTLS, SmtpSecurity.TLS])
    async def test_a_server_without_the_required_encryption_gets_no_credentials_and_no_mail(
        self, settings: Settings, security: SmtpSecurity
    ) -> None:
        async with smtp_server(**OFFERS_LOGIN) as server:
            mailer = mailer_for(server, settings, smtp_security=security, **LOGIN)
            with pytest.raises(SMTPException):
                await mailer.send(MAIL, key=new_id())

        assert [line for line in server.commands if line.startswith(("AUTH", "MAIL"))] == []

    async def test_a_mail_that_the_server_rejects_is_an_error(self, settings: Settings) -> None:
        async with smtp_server(RCPT="550 no such user") as server:
            with pytest.raises(SMTPException, match="no such user"):
                await mailer_for(server, settings).send(MAIL, key=new_id())

    @pytest.mark.parametrize("skipped", ["(connection)", "EHLO", "RCPT", "(mail)"])
    async def test_a_mail_server_that_does_not_respond_is_an_error_after_the_timeout(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, skipped: str
    ) -> None:
        monkeypatch.setattr("app.mail.smtp.SMTP_TIMEOUT_SECONDS", 0.05)

        async with asyncio.timeout(5), smtp_server(**{skipped: ""}) as server:
            with pytest.raises(SMTPException):
                await mailer_for(server, settings).send(MAIL, key=new_id())

    @pytest.mark.parametrize(
        "changes",
        [
            {"to": "ada@example.com\nBcc: eve@example.com"},
            {"to": "ada@example.com\r\nRCPT TO:<eve@example.com>"},
            {"to": "ada@example.com, eve@example.com"},
            {"to": "Ada <ada@example.com>, eve@example.com"},
            {"subject": "Hello\nBcc: eve@example.com"},
            {"subject": "Hello\r\n\r\nAnother body"},
        ],
    )
    async def test_a_line_break_or_comma_in_a_value_adds_no_header_and_no_recipient(
        self, settings: Settings, changes: dict[str, str]
    ) -> None:
        async with smtp_server() as server:
            with pytest.raises(ValueError, match=r"Invalid addr_spec|(may not|cannot) contain"):
                await mailer_for(server, settings).send(replace(MAIL, **changes), key=new_id())

        assert server.commands == []


class TestTemplates:
    def test_each_mail_template_exists_as_text_and_as_html(self) -> None:
        texts = {path.stem for path in ROOT.glob("app/*/templates/*.txt")}
        pages = {path.stem for path in ROOT.glob("app/*/templates/*.html")}

        assert texts == pages - {"base"}
        assert texts

    def test_mail_templates_escape_values_in_html_only(self) -> None:
        mail = render(TEMPLATE, to="ada@example.com", subject="<Hi>", link='"><script>')

        assert "<Hi>" not in mail.html
        assert "<script>" not in mail.html
        assert '"><script>' in mail.text

    def test_a_missing_value_in_a_mail_template_is_an_error(self) -> None:
        with pytest.raises(UndefinedError, match="link"):
            render(TEMPLATE, to="ada@example.com", subject="Hi")


async def test_the_link_of_a_registration_mail_starts_with_the_public_url(
    client: AsyncClient, inbox: Inbox
) -> None:
    await client.post(f"{API}/users", json=registration(), headers=FORGED)

    [mail] = await inbox.read()
    assert "\nhttp://127.0.0.1:8000/verify-email?token=" in mail.text
    assert 'href="http://127.0.0.1:8000/verify-email?token=' in mail.html
    assert "eve.example" not in f"{mail}"


async def test_the_link_of_a_password_reset_mail_starts_with_the_public_url(
    client: AsyncClient, user: User, inbox: Inbox
) -> None:
    await client.post(f"{API}/auth/password-reset", json={"email": user.email}, headers=FORGED)

    [mail] = await inbox.read()
    assert "\nhttp://127.0.0.1:8000/reset-password?token=" in mail.text
    assert 'href="http://127.0.0.1:8000/reset-password?token=' in mail.html
    assert "eve.example" not in f"{mail}"


def command_in(log: Log) -> tuple[str, str]:
    """Return the body and the address of the single curl command that was logged."""
    [line] = [line for line in log.text.splitlines() if line.startswith("curl")]
    _, option, body, url = shlex.split(line)
    assert option == "--json"
    return body, url


class TestConsoleMailer:
    @pytest.fixture
    def console(self, app: FastAPI, resources: Resources) -> Iterator[Log]:
        """Yield the log of a development server, whose mails are written to the console."""
        app.state.resources = replace(resources, mailer=ConsoleMailer())
        with captured_log(Environment.DEVELOPMENT, "INFO") as log:
            yield log

    async def test_the_console_shows_a_link_and_a_command_that_verify_the_address(
        self, app: FastAPI, client: AsyncClient, console: Log
    ) -> None:
        await client.post(f"{API}/users", json=registration(email="ada@example.com"))
        await deliver(app.state.resources)

        body, url = command_in(console)
        response = await client.post(url, content=body, headers=JSON)
        assert "\nTo: ada@example.com\n" in console.text
        assert "\nhttp://127.0.0.1:8000/verify-email?token=" in console.text
        assert response.status_code == 204

    async def test_the_console_shows_a_link_and_a_command_that_reset_the_password(
        self, app: FastAPI, client: AsyncClient, user: User, console: Log
    ) -> None:
        await client.post(f"{API}/auth/password-reset", json={"email": user.email})
        await deliver(app.state.resources)

        body, url = command_in(console)
        chosen = body.replace("<YOUR NEW PASSWORD>", OTHER_PASSWORD)
        response = await client.post(url, content=chosen, headers=JSON)
        assert "\nhttp://127.0.0.1:8000/reset-password?token=" in console.text
        assert response.status_code == 204

    async def test_the_console_shows_a_mail_without_a_link_unchanged(self, log: Log) -> None:
        await ConsoleMailer().send(MAIL, key=new_id())

        [line] = log.lines
        assert line["event"].endswith("Subject: Grüße\n\nGuten Tag\n")


@pytest.mark.parametrize(
    ("backend", "kind"), [(MailBackend.CONSOLE, ConsoleMailer), (MailBackend.SMTP, SmtpMailer)]
)
async def test_mail_backend_selects_the_mailer(
    settings: Settings, backend: MailBackend, kind: type[ConsoleMailer | SmtpMailer]
) -> None:
    mailer = create_mailer(settings.model_copy(update={"mail_backend": backend}))

    assert isinstance(mailer, kind)
