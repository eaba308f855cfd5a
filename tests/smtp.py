"""A mail server for tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from app.core.config import Settings, SmtpSecurity
from app.mail.smtp import SmtpMailer


class SmtpServer:
    """Keeps the mails that it takes. It replies to commands by how they start, and to those with
    an empty reply never.
    """

    def __init__(self, replies: dict[str, str]) -> None:
        self.port = 0
        self.commands: list[str] = []
        self.mails: list[EmailMessage] = []
        self.is_silent = asyncio.Event()
        """Set when somebody waits for a reply that never comes."""
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
        """Return when that many have arrived."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.mails) >= count)


@asynccontextmanager
async def smtp_server(**replies: str) -> AsyncIterator[SmtpServer]:
    """A mail server that listens while the context lasts."""
    server = SmtpServer(replies)
    async with await asyncio.start_server(server.converse, "127.0.0.1", 0) as listener:
        server.port = listener.sockets[0].getsockname()[1]
        yield server


def mailer_for(server: SmtpServer, settings: Settings, **changes: object) -> SmtpMailer:
    """A mailer that hands its mails to this server, without encryption."""
    given = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": SmtpSecurity.NONE}
    return SmtpMailer(settings.model_copy(update={**given, **changes}))
