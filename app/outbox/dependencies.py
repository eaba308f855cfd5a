"""Construction of the outbox service."""

from app.outbox.repository import OutboxRepository
from app.outbox.service import OutboxService, handlers_of
from app.runtime.unit_of_work import UnitOfWork


async def get_outbox_service(unit: UnitOfWork) -> OutboxService:
    """Return the outbox service in this unit of work."""
    resources = unit.resources
    return OutboxService(
        messages=OutboxRepository(unit.session),
        cipher=resources.outbox_cipher,
        handlers=[*handlers_of(resources.features)],
        on_add=lambda: unit.after_commit.append(resources.outbox_filled.set),
    )
