"""Projects: made by anyone, changed and deleted by their owners."""

from uuid import UUID

from app.audit.schemas import ActivityPublic
from app.audit.service import ActivityService
from app.core import clock
from app.core.etags import IfMatch
from app.core.pagination import POSITION, Cursors, PageQuery, Slice
from app.projects.access import ProjectAccess
from app.projects.models import MemberRole, Membership, Project
from app.projects.repository import Lock, ProjectRepository
from app.projects.schemas import ProjectCreate, ProjectPublic, ProjectUpdate


class ProjectService:
    """The life of a project."""

    def __init__(
        self,
        *,
        projects: ProjectRepository,
        access: ProjectAccess,
        activity: ActivityService,
        cursors: Cursors,
    ) -> None:
        self._projects = projects
        self._access = access
        self._activity = activity
        self._cursors = cursors

    async def create(self, user_id: UUID, data: ProjectCreate) -> Project:
        """A new project, which the user owns."""
        now = clock.now()
        project = Project(**data.model_dump(), created_at=now, updated_at=now)
        owner = Membership(
            project_id=project.id, project=project, user_id=user_id, role=MemberRole.OWNER
        )
        await self._projects.add(owner)
        await self._activity.record("project.created", by=user_id, on=project.id)
        return project

    async def get(self, user_id: UUID, project_id: UUID) -> Project:
        """The project. Raises ProjectNotFound."""
        return await self._access.require(MemberRole.VIEWER, project_id, user_id=user_id)

    async def get_page(self, user_id: UUID, query: PageQuery) -> Slice[ProjectPublic]:
        """A page of the user's projects, newest first. Raises InvalidInput for a broken cursor."""
        list_name = f"projects of {user_id}"
        after = self._cursors.open(list_name, query.cursor, POSITION)
        projects, end = await self._projects.get_page(
            user_id=user_id, after=after, limit=query.limit
        )
        return Slice(projects, self._cursors.seal(list_name, end))

    async def update(
        self, user_id: UUID, project_id: UUID, data: ProjectUpdate, *, if_match: IfMatch
    ) -> Project:
        """Change a project. Raises ProjectNotFound, PermissionDenied, and PreconditionFailed or
        EditConflict when someone else was faster.
        """
        project = await self._access.require(MemberRole.OWNER, project_id, user_id=user_id)
        if_match.refuse_unless_current(ProjectPublic.model_validate(project))
        changes = data.model_dump(exclude_unset=True)
        if changed := [name for name in changes if getattr(project, name) != changes[name]]:
            project.sqlmodel_update(changes | {"updated_at": clock.now()})
            await self._projects.save(conflict=if_match.conflict)
            await self._activity.record(
                "project.updated", by=user_id, on=project.id, details={"fields": ", ".join(changed)}
            )
        return project

    async def delete(self, user_id: UUID, project_id: UUID, *, if_match: IfMatch) -> None:
        """Delete a project. Raises ProjectNotFound, PermissionDenied, PreconditionFailed."""
        project = await self._access.require(
            MemberRole.OWNER, project_id, user_id=user_id, lock=Lock.EXCLUSIVE
        )
        if_match.refuse_unless_current(ProjectPublic.model_validate(project))
        await self._projects.delete(project.id)
        await self._activity.record("project.deleted", by=user_id, on=project.id)

    async def get_activity(
        self, user_id: UUID, project_id: UUID, query: PageQuery
    ) -> Slice[ActivityPublic]:
        """A page of what was done in a project, newest first. Raises ProjectNotFound,
        PermissionDenied.
        """
        await self._access.require(MemberRole.OWNER, project_id, user_id=user_id)
        return await self._activity.get_page_of_scope(project_id, query)
