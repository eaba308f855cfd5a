"""Handler for the deletion of a user."""

from uuid import UUID

from app.audit.dependencies import get_audit_trail
from app.audit.service import Actor
from app.members.repository import MemberRepository
from app.runtime.unit_of_work import UnitOfWork
from app.users.errors import SoleOwner


async def leave_projects(unit: UnitOfWork, user_id: UUID, actor: Actor) -> None:
    """Delete the user's projects that have no other member. Foreign keys delete the memberships.

    Raises SoleOwner if the user is the only owner of a project with other members.
    """
    members = MemberRepository(unit.session)
    audit = await get_audit_trail(unit)
    joined = await members.lock_projects(user_id)
    owned = await members.get_solely_owned(user_id)
    if any(owned.values()):
        raise SoleOwner
    await members.delete_projects(list(owned))
    deleted = [(project_id, project_id) for project_id in owned]
    await audit.record_all("project.deleted", actor=actor, resources=deleted)
    left = [(user_id, project_id) for project_id in joined if project_id not in owned]
    await audit.record_all("member.removed", actor=actor, resources=left)
