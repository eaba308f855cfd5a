"""Mailer for development."""

from uuid import UUID

from app.core.logging import get_logger
from app.mail.message import Mail

_logger = get_logger(__name__)


class ConsoleMailer:
    """Writes mails to the log, links included: for development only."""

    async def send(self, mail: Mail, *, key: UUID) -> None:  # noqa: ARG002 -- nobody drops lines
        """Log it."""
        lines = ["mail.console", f"To: {mail.to}", f"Subject: {mail.subject}", "", mail.text]
        if mail.curl:
            lines += ["", "There is no front end here; this does the same:", mail.curl]
        # The log adds its own to the last line, and nobody wants to copy that.
        _logger.info("\n".join([*lines, ""]))
