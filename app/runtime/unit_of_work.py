"""Unit of work: one transaction with everything that services need in it.

All repositories and services of a request are created from its unit of work. So their changes are
committed together, or not at all.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.passwords import HashSlot
from app.runtime.resources import Resources


@dataclass(frozen=True)
class UnitOfWork:
    """One transaction, in which a request, an outbox message or a command is processed."""

    session: AsyncSession
    resources: Resources
    hash_slot: HashSlot | None = None
    """Slot in which the request may hash passwords. None if its route hashes none."""
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    """Functions to call when the transaction has been committed."""


@asynccontextmanager
async def open_unit_of_work(
    resources: Resources,
    *,
    hash_slot: HashSlot | None = None,
    read_only: bool = False,
    wait_indefinitely: bool = True,
) -> AsyncIterator[UnitOfWork]:
    """Yield the unit of work of a new transaction, which `Database.transaction` opens and ends."""
    async with resources.database.transaction(
        read_only=read_only, wait_indefinitely=wait_indefinitely
    ) as session:
        unit = UnitOfWork(session, resources, hash_slot)
        yield unit
    for call in unit.after_commit:
        call()
