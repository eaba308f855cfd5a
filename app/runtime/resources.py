"""What the process holds open, shared by the API and the CLI."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.core.config import Settings
from app.core.database import Database
from app.core.database_engine import create_engine
from app.core.encryption import Cipher
from app.core.keys import KeyRing
from app.core.pagination import Cursors
from app.core.passwords import PasswordHasher
from app.core.tokens import AccessTokens
from app.mail.factory import create_mailer
from app.mail.mailer import Mailer


@dataclass(frozen=True)
class Resources:
    """Everything that requests share."""

    settings: Settings
    database: Database
    passwords: PasswordHasher
    access_tokens: AccessTokens
    cursors: Cursors
    account_key: bytes
    """Names accounts in the rate limiter's store, which no e-mail address may reach."""
    mailer: Mailer
    outbox_cipher: Cipher
    outbox_filled: asyncio.Event
    """Wakes the worker of this process, if there is one: a message has been committed."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the process is about to stop: it is not ready, though it still serves."""


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Open what the settings ask for; close it when the context ends."""
    engine = create_engine(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        pooler=settings.database_pooler,
    )
    keys = KeyRing(settings.secrets)
    passwords = PasswordHasher(
        memory_kib=settings.argon2_memory_kib,
        rounds=settings.argon2_rounds,
        min_length=settings.password_min_length,
        # One processor is left to the event loop, and one connection to other requests.
        slots=max(1, min(os.cpu_count() or 1, settings.database_pool_size) - 1),
    )
    try:
        yield Resources(
            settings=settings,
            database=Database(engine, capacity=settings.database_pool_size),
            passwords=passwords,
            access_tokens=AccessTokens(keys, issuer=settings.issuer),
            cursors=Cursors(keys),
            account_key=keys.derive("account")[0],
            mailer=create_mailer(settings),
            outbox_cipher=Cipher(keys, purpose="outbox"),
            outbox_filled=asyncio.Event(),
        )
    finally:
        passwords.close()
        await engine.dispose()
