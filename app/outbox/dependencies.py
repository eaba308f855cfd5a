"""Construction of the outbox."""

from app.outbox.repository import OutboxRepository
from app.outbox.service import OutboxService, handlers_of
from app.runtime.unit_of_work import UnitOfWork


async def get_outbox_service(unit: UnitOfWork) -> OutboxService:
    """Return the outbox in this unit of work. A new message wakes the worker after the commit."""
    resources = unit.resources
    return OutboxService(
        messages=OutboxRepository(unit.session),
        cipher=resources.outbox_cipher,
        handlers=[*handlers_of(resources.features)],
        on_add=lambda: unit.after_commit.append(resources.outbox_filled.set),
    )
