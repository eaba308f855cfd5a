"""Mailer for tests."""

from uuid import UUID

from app.mail.message import Mail


class MemoryMailer:
    """Mailer for tests, which keeps mails in a list."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    async def send(self, mail: Mail, *, key: UUID) -> None:  # noqa: ARG002 -- the interface has it
        """Store the mail."""
        self.sent.append(mail)
