"""What becomes of projects when a user is deleted."""

from uuid import UUID

from app.audit.service import ActivityService
from app.members.repository import MemberRepository
from app.users.errors import SoleOwner


class ProjectDeparture:
    """Part of the deletion of a user, after the user has been locked."""

    def __init__(self, members: MemberRepository, activity: ActivityService) -> None:
        self._members = members
        self._activity = activity

    async def leave(self, user_id: UUID, *, by: UUID) -> None:
        """Delete the projects where the user is alone; the database ends the other memberships.

        Raises SoleOwner if others work in a project that only this user owns.
        """
        joined = await self._members.lock_projects(user_id)
        owned = await self._members.get_solely_owned(user_id)
        if any(owned.values()):
            raise SoleOwner
        await self._members.delete_projects(list(owned))
        await self._activity.record_all(
            "project.deleted", by=by, on=[(project_id, project_id) for project_id in owned]
        )
        left = [project_id for project_id in joined if project_id not in owned]
        await self._activity.record_all(
            "member.removed", by=by, on=[(user_id, project_id) for project_id in left]
        )
