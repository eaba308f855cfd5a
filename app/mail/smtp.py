"""Mailer that sends through a mail server.

The only module that imports aiosmtplib.
"""

from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import urlsplit
from uuid import UUID

import aiosmtplib

from app.core import clock
from app.core.config import Settings
from app.core.platform_settings import SmtpSecurity
from app.mail.message import Mail

SMTP_TIMEOUT_SECONDS = 10


class SmtpMailer:
    """Mailer that sends through a mail server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def send(self, mail: Mail, *, key: UUID) -> None:
        """Send the mail, or raise the error that prevents it."""
        settings = self._settings
        message = EmailMessage()
        message["From"] = settings.mail_from
        message["To"] = Address(addr_spec=mail.to)  # exactly one address
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
