"""Mailer for development."""

from uuid import UUID

from app.core.logging import get_logger
from app.mail.message import Mail

_logger = get_logger(__name__)


class ConsoleMailer:
    """Mailer for development, which logs mails with their links."""

    async def send(self, mail: Mail, *, key: UUID) -> None:  # noqa: ARG002 -- a log has no duplicates to discard
        """Log the mail."""
        lines = ["mail.console", f"To: {mail.to}", f"Subject: {mail.subject}", "", mail.text]
        if mail.curl:
            lines += ["", "Without a front end, this command does the same:", mail.curl]
        # An empty last line, because the log appends its fields to the last line.
        _logger.info("\n".join([*lines, ""]))
