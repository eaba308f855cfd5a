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
"""Code points, in every field that takes a password."""
MAX_WAITING = 128
"""Requests that may wait for a slot; the next one is answered 503."""

HASH_NICENESS = 10
"""Difference between the niceness of a hashing thread and that of the event loop."""

T = TypeVar("T")


class HashSlot:
    """The right to hash: who holds one keeps one processor busy, and no more than that."""

    def __init__(self, context: CryptContext, min_length: int, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._context = context
        self._min_length = min_length

    async def hash(self, password: str) -> str:
        """The argon2id hash to store."""
        return await self._run(partial(self._context.hash, _normalise(password)))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether the password is the stored one; as much work when there is no stored one."""
        return await self._run(partial(self._verify, _normalise(password), stored))

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._context.needs_update(stored)

    async def weakness(self, password: str, personal: list[str]) -> str | None:
        """Return the reason to reject the password, or None (NIST SP 800-63B-4 §3.1.1.2).

        `personal` lists what an attacker knows about the user, such as the e-mail address.
        """
        normalised = _normalise(password)
        if len(normalised) < self._min_length:
            return f"A password needs at least {self._min_length} characters."
        return await self._run(partial(_find_weakness, normalised, [*map(_normalise, personal)]))

    async def make_decoy(self) -> None:
        """Make the hash that unknown users are verified against, unless it is there."""
        await self._run(lambda: self._decoy)

    @cached_property
    def _decoy(self) -> str:
        return self._context.hash(secrets.token_urlsafe())

    def _verify(self, password: str, stored: str | None) -> bool:
        return self._context.verify(password, stored or self._decoy)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


class PasswordHasher:
    """Hands out hash slots: a storm of log-ins holds no more processors than there are slots."""

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
        """A slot, in the order of asking. Raises ServiceUnavailable when too many wait for one."""
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
        """Make now what the first unknown user would wait for, and could be told by.

        One hash and no more: the memory of a second one would stay with the process.
        """
        async with self.slot() as slot:
            await slot.make_decoy()

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()


def _find_weakness(password: str, personal: list[str]) -> str | None:
    """Return the reason why the password is easy to guess, or None if it is not."""
    from app.core import password_strength  # noqa: PLC0415 -- 13 MB, needed to set a password only

    return password_strength.find_weakness(password, personal)


def _let_event_loop_go_first() -> None:
    """Lower the priority of this thread below that of the event loop, where that is permitted."""
    # Elsewhere it would change the priority of the whole process.
    if sys.platform == "linux":
        with suppress(OSError):
            os.nice(HASH_NICENESS)


def _normalise(password: str) -> str:
    """One form for what users type on different keyboards (NIST SP 800-63B-4 §3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
