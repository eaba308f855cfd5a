"""State of a process, which its units of work share."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.core.config import Settings
from app.core.database import Database
from app.core.database_engine import create_engine
from app.core.encryption import Cipher
from app.core.keys import KeyRing
from app.core.pagination import Cursors
from app.core.passwords import PasswordHasher
from app.core.rate_limiter import RateLimiter, open_rate_limiter
from app.core.tokens import AccessTokens
from app.mail.factory import create_mailer
from app.mail.mailer import Mailer
from app.runtime.feature import Feature


@dataclass(frozen=True)
class Resources:
    """State that the requests, messages and commands of a process share."""

    settings: Settings
    features: Sequence[Feature]
    database: Database
    rate_limiter: RateLimiter
    passwords: PasswordHasher
    access_tokens: AccessTokens
    cursors: Cursors
    account_key: bytes
    """Key that hides e-mail addresses in the store of the rate limiter."""
    mailer: Mailer
    outbox_cipher: Cipher
    outbox_filled: asyncio.Event
    """Event that wakes the worker of this process after a message has been committed."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Event that is set when the process begins to stop. It still serves, but is not ready."""


@asynccontextmanager
async def open_resources(
    settings: Settings, features: Sequence[Feature]
) -> AsyncIterator[Resources]:
    """Open the resources that the settings name, and close them when the context ends."""
    engine = create_engine(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        pooler=settings.database_pooler,
    )
    keys = KeyRing(settings.secrets)
    passwords = _create_password_hasher(settings)
    try:
        async with open_rate_limiter(settings) as rate_limiter:
            yield Resources(
                settings=settings,
                features=features,
                database=Database(engine, capacity=settings.database_pool_size),
                rate_limiter=rate_limiter,
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


def _create_password_hasher(settings: Settings) -> PasswordHasher:
    """Return a hasher that leaves a processor to the event loop, and a connection to others."""
    return PasswordHasher(
        memory_kib=settings.argon2_memory_kib,
        rounds=settings.argon2_rounds,
        min_length=settings.password_min_length,
        slots=max(1, min(os.cpu_count() or 1, settings.database_pool_size) - 1),
    )
