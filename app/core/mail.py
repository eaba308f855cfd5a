"""Mail: messages from templates, and the ways in which they leave.

The only place that imports aiosmtplib and Jinja2.
"""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

import aiosmtplib
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.core import clock
from app.core.config import MailBackend, Settings, SmtpSecurity
from app.core.logging import get_logger

SMTP_TIMEOUT_SECONDS = 10
TEMPLATES = Path(__file__).parent.parent / "templates"

_logger = get_logger(__name__)
_templates = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
)


@dataclass(frozen=True)
class Mail:
    """One message to one person, as text and as HTML."""

    to: str
    subject: str
    text: str
    html: str
    curl: str | None = None
    """For developers: the request that the mail's link stands for, as there is no front end."""


def render(template: str, *, to: str, subject: str, curl: str | None = None, **values: str) -> Mail:
    """The mail that `templates/{template}.txt` and `.html` make of the values."""
    return Mail(
        to=to,
        subject=subject,
        text=_templates.get_template(f"{template}.txt").render(values),
        html=_templates.get_template(f"{template}.html").render(values, subject=subject),
        curl=curl,
    )


class Mailer(Protocol):
    """Sends a mail now. Services do not: they hand their mails to the outbox."""

    async def send(self, mail: Mail, *, key: UUID) -> None:
        """Send it, or raise what went wrong. A mail that is sent again has the same key, so that
        receivers can drop it.
        """


class ConsoleMailer:
    """Writes mails to the log, links included: for development only."""

    async def send(self, mail: Mail, *, key: UUID) -> None:  # noqa: ARG002 -- nobody drops lines
        """Log it."""
        lines = ["mail.console", f"To: {mail.to}", f"Subject: {mail.subject}", "", mail.text]
        if mail.curl:
            lines += ["", "There is no front end here; this does the same:", mail.curl]
        # The log adds its own to the last line, and nobody wants to copy that.
        _logger.info("\n".join([*lines, ""]))


class SmtpMailer:
    """Hands mails to a mail server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def send(self, mail: Mail, *, key: UUID) -> None:
        """Send it, or raise what went wrong."""
        settings = self._settings
        message = EmailMessage()
        message["From"] = settings.mail_from
        message["To"] = Address(addr_spec=mail.to)  # one address, never a list of them
        message["Subject"] = mail.subject
        message["Date"] = clock.now()
        message["Message-ID"] = f"<{key}@{urlsplit(settings.link('')).hostname}>"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        password = settings.smtp_password
        await aiosmtplib.send(
            message,
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=password.get_secret_value() if password else None,
            use_tls=settings.smtp_security is SmtpSecurity.TLS,
            start_tls=settings.smtp_security is SmtpSecurity.STARTTLS,
            timeout=SMTP_TIMEOUT_SECONDS,
        )


class MemoryMailer:
    """Keeps mails in a list: for tests."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    async def send(self, mail: Mail, *, key: UUID) -> None:  # noqa: ARG002 -- all are kept
        """Keep it."""
        self.sent.append(mail)


def create_mailer(settings: Settings) -> Mailer:
    """The mailer that the settings ask for."""
    match settings.mail_backend:
        case MailBackend.CONSOLE:
            return ConsoleMailer()
        case MailBackend.SMTP:
            return SmtpMailer(settings)
