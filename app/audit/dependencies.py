"""Construction of the audit trail."""

from typing import Annotated

from fastapi import Depends

from app.audit.repository import ActivityRepository
from app.audit.service import AuditTrail
from app.http.dependencies import UnitOfWorkDep


async def get_audit_trail(unit: UnitOfWorkDep) -> AuditTrail:
    """Return the audit trail in this unit of work."""
    return AuditTrail(activity=ActivityRepository(unit.session), cursors=unit.resources.cursors)


AuditTrailDep = Annotated[AuditTrail, Depends(get_audit_trail)]
