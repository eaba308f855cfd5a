"""Interface of all mailers."""

from typing import Protocol
from uuid import UUID

from app.mail.message import Mail


class Mailer(Protocol):
    """Sender of mails. Services do not call it: they add their mails to the outbox."""

    async def send(self, mail: Mail, *, key: UUID) -> None:
        """Send the mail, or raise the error that prevents it.

        A mail that is sent again has the same key, so that receivers can discard it.
        """
