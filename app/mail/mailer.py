"""Mail: messages from templates, and the ways in which they leave.

The only place that imports aiosmtplib and Jinja2.
"""

from typing import Protocol
from uuid import UUID

from app.mail.message import Mail


class Mailer(Protocol):
    """Sends a mail now. Services do not: they hand their mails to the outbox."""

    async def send(self, mail: Mail, *, key: UUID) -> None:
        """Send it, or raise what went wrong. A mail that is sent again has the same key, so that
        receivers can drop it.
        """
