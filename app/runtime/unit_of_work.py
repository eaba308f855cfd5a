"""Unit of work: one transaction, and everything that a service is built from."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.passwords import HashSlot
from app.runtime.resources import Resources


@dataclass(frozen=True)
class UnitOfWork:
    """One transaction of a request, a message of the outbox or a command."""

    session: AsyncSession
    resources: Resources
    hash_slot: HashSlot | None = None
    """Permit to hash a password, in requests to routes that hash one."""
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    """Functions to call when the transaction has been committed."""


@asynccontextmanager
async def open_unit_of_work(
    resources: Resources,
    *,
    hash_slot: HashSlot | None = None,
    read_only: bool = False,
    patient: bool = True,
) -> AsyncIterator[UnitOfWork]:
    """Open a transaction, as `Database.transaction` does, and yield its unit of work."""
    async with resources.database.transaction(read_only=read_only, patient=patient) as session:
        unit = UnitOfWork(session, resources, hash_slot)
        yield unit
    for call in unit.after_commit:
        call()
