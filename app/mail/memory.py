"""Mailer for tests."""

from uuid import UUID

from app.mail.message import Mail


class MemoryMailer:
    """Keeps mails in a list: for tests."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    async def send(self, mail: Mail, *, key: UUID) -> None:  # noqa: ARG002 -- all are kept
        """Keep it."""
        self.sent.append(mail)
