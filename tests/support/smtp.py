"""SMTP server for tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from app.core.config import Settings
from app.core.platform_settings import SmtpSecurity
from app.mail.smtp import SmtpMailer


class SmtpServer:
    """SMTP server that keeps the mails it receives.

    `replies` maps the beginning of a command to the reply. An empty reply is never sent.
    """

    def __init__(self, replies: dict[str, str]) -> None:
        self.port = 0
        self.commands: list[str] = []
        self.mails: list[EmailMessage] = []
        self.is_silent = asyncio.Event()
        """Set when a client waits for a reply that is never sent."""
        self._arrival = asyncio.Condition()
        self.replies = {"(connection)": "220 here", "DATA": "354 go on", **replies}

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until the client closes it."""
        writer.write(self._reply_to("(connection)"))
        while command := (await reader.readline()).decode(errors="replace").strip():
            self.commands.append(command)
            writer.write(self._reply_to(command))
            if command == "DATA":
                mail = await reader.readuntil(b"\r\n.\r\n")
                writer.write(self._reply_to("(mail)"))
                async with self._arrival:
                    self.mails.append(message_from_bytes(mail[:-3], policy=policy.default))
                    self._arrival.notify_all()
        writer.close()

    def _reply_to(self, command: str) -> bytes:
        replies = [reply for start, reply in self.replies.items() if command.startswith(start)]
        reply = [*replies, "250 fine"][0]
        if not reply:
            self.is_silent.set()
        return f"{reply}\r\n".encode() if reply else b""

    async def wait_for_mails(self, count: int) -> None:
        """Wait until at least `count` mails have arrived."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.mails) >= count)


@asynccontextmanager
async def smtp_server(**replies: str) -> AsyncIterator[SmtpServer]:
    """Run an SMTP server inside the context. Yield it once it listens."""
    server = SmtpServer(replies)
    async with await asyncio.start_server(server.converse, "127.0.0.1", 0) as listener:
        server.port = listener.sockets[0].getsockname()[1]
        yield server


def mailer_for(server: SmtpServer, settings: Settings, **changes: object) -> SmtpMailer:
    """Return a mailer that sends its mails to this server, without encryption."""
    smtp = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": SmtpSecurity.NONE}
    return SmtpMailer(settings.model_copy(update={**smtp, **changes}))
