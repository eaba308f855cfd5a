"""Password hashing and strength, in a bounded number of threads.

The only module that imports passlib.
"""

import asyncio
import os
import secrets
import sys
import unicodedata
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import cached_property, partial
from typing import TypeVar

from passlib.context import CryptContext

from app.core.errors import ServiceUnavailable

MAX_PASSWORD_LENGTH = 128
"""Maximum length of a password in every field, in code points."""
MAX_WAITING = 128
"""Maximum number of requests that wait for a slot. Further requests get 503."""

HASH_NICENESS = 10
"""Niceness that a hashing thread adds to its own, so that the event loop runs first."""

T = TypeVar("T")


class HashSlot:
    """Permit to run one password hash at a time. It bounds the processor time of hashing."""

    def __init__(self, context: CryptContext, min_length: int, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._context = context
        self._min_length = min_length

    async def hash(self, password: str) -> str:
        """Return the argon2id hash to store."""
        return await self._run(partial(self._context.hash, _normalise(password)))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Return True if the password matches. Without a stored hash it takes the same time."""
        return await self._run(partial(self._verify, _normalise(password), stored))

    def is_outdated(self, stored: str) -> bool:
        """Return True if the hash was created with other parameters than the current ones."""
        return self._context.needs_update(stored)

    async def weakness(self, password: str, personal: list[str]) -> str | None:
        """Return the reason to reject the password, or None (NIST SP 800-63B-4 §3.1.1.2).

        `personal` lists values that an attacker knows, such as the user's e-mail address.
        """
        normalised = _normalise(password)
        if len(normalised) < self._min_length:
            return f"A password must have at least {self._min_length} characters."
        return await self._run(partial(_find_weakness, normalised, [*map(_normalise, personal)]))

    async def create_decoy(self) -> None:
        """Create the decoy, which `verify` uses without a stored hash, unless the decoy exists."""
        await self._run(lambda: self._decoy)

    @cached_property
    def _decoy(self) -> str:
        return self._context.hash(secrets.token_urlsafe())

    def _verify(self, password: str, stored: str | None) -> bool:
        return self._context.verify(password, stored or self._decoy)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


class PasswordHasher:
    """Source of hash slots. A burst of log-ins uses at most one processor for each slot."""

    def __init__(self, *, memory_kib: int, rounds: int, min_length: int, slots: int = 1) -> None:
        context = CryptContext(
            schemes=["argon2"],
            argon2__type="ID",
            argon2__memory_cost=memory_kib,
            argon2__rounds=rounds,
            argon2__parallelism=1,
        )
        self._threads = ThreadPoolExecutor(slots, "hash", initializer=_let_event_loop_go_first)
        self._slot = HashSlot(context, min_length, self._threads)
        self._slots = asyncio.Semaphore(slots)
        self.capacity = slots
        self.used = 0
        self.waiting = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[HashSlot]:
        """Yield a slot to one request after another. Raises ServiceUnavailable if too many wait."""
        if self.waiting >= MAX_WAITING:
            raise ServiceUnavailable
        self.waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.waiting -= 1
        self.used += 1
        try:
            yield self._slot
        finally:
            self.used -= 1
            self._slots.release()

    async def warm_up(self) -> None:
        """Create the decoy hash at start-up.

        Creating it at the first log-in with an unknown address would take longer and reveal that
        the address is unknown. Only one slot is used, because the process keeps the memory of each
        thread that has hashed.
        """
        async with self.slot() as slot:
            await slot.create_decoy()

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()


def _find_weakness(password: str, personal: list[str]) -> str | None:
    """Return the reason why the password is easy to guess, or None."""
    from app.core import password_strength  # noqa: PLC0415 -- 13 MB, only needed to set a password

    return password_strength.find_weakness(password, personal)


def _let_event_loop_go_first() -> None:
    """Set the priority of this thread below that of the event loop, if permitted."""
    # On other systems it would change the priority of the whole process.
    if sys.platform == "linux":
        with suppress(OSError):
            os.nice(HASH_NICENESS)


def _normalise(password: str) -> str:
    """Return the NFKC form, which is the same for all keyboards (NIST SP 800-63B-4 §3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
