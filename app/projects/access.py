"""Who may do what in a project."""

from uuid import UUID

from app.core.errors import PermissionDenied
from app.projects.errors import ProjectNotFound
from app.projects.models import MemberRole, Project
from app.projects.repository import Lock, ProjectRepository


class ProjectAccess:
    """Asked by everything that lies in a project."""

    def __init__(self, projects: ProjectRepository) -> None:
        self._projects = projects

    async def require(
        self, role: MemberRole, project_id: UUID, *, user_id: UUID, lock: Lock | None = None
    ) -> Project:
        """The project, in which the user has at least this role.

        Raises ProjectNotFound, also for who is no member, and PermissionDenied.
        """
        found = await self._projects.get(project_id, user_id=user_id, lock=lock)
        if found is None:
            raise ProjectNotFound
        project, held = found
        refuse_unless(held, role)
        return project


def refuse_unless(held: MemberRole, needed: MemberRole) -> None:
    """Raises PermissionDenied if the role does not suffice."""
    if not held.includes(needed):
        raise PermissionDenied
