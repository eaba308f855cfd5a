"""Service for projects. Every user can create one; its owners change and delete it."""

from dataclasses import dataclass
from uuid import UUID

from app.audit.schemas import ActivityPublic
from app.audit.service import Actor, AuditTrail
from app.core import clock
from app.core.errors import PermissionDenied
from app.core.etags import IfMatch
from app.core.pagination import POSITION, Cursors, Page, PageQuery
from app.projects.errors import ProjectNotFound
from app.projects.models import MemberRole, Membership, Project
from app.projects.repository import Lock, ProjectRepository
from app.projects.schemas import ProjectCreate, ProjectPublic, ProjectUpdate


@dataclass(frozen=True, kw_only=True)
class ProjectAccess:
    """Permission check for a project and its children."""

    projects: ProjectRepository

    async def require(
        self, role: MemberRole, *, actor: Actor, project_id: UUID, lock: Lock | None = None
    ) -> None:
        """Raise an error unless the actor has this role in the project, or one that includes it.

        Raises ProjectNotFound if the actor is not a member, otherwise PermissionDenied.
        """
        actual = await self.projects.get_role(project_id, user_id=actor.user_id, lock=lock)
        if actual is None:
            raise ProjectNotFound
        if not actual.includes(role):
            raise PermissionDenied


@dataclass(frozen=True, kw_only=True)
class ProjectService:
    """Service that creates, reads, changes and deletes projects."""

    projects: ProjectRepository
    access: ProjectAccess
    audit: AuditTrail
    cursors: Cursors

    async def create(self, actor: Actor, data: ProjectCreate) -> ProjectPublic:
        """Create a project that the actor owns. Raises Unauthenticated."""
        now = clock.now()
        project = Project(**data.model_dump(), created_at=now, updated_at=now)
        owner = Membership(
            project_id=project.id, project=project, user_id=actor.user_id, role=MemberRole.OWNER
        )
        await self.projects.add(owner)
        await self.audit.record("project.created", actor=actor, resource_id=project.id)
        return ProjectPublic.model_validate(project)

    async def get(self, actor: Actor, *, project_id: UUID) -> ProjectPublic:
        """Return the project. Raises ProjectNotFound."""
        project = await self.projects.get(project_id, user_id=actor.user_id)
        if project is None:
            raise ProjectNotFound
        return project

    async def get_page(self, actor: Actor, query: PageQuery) -> Page[ProjectPublic]:
        """Return a page of the actor's projects, newest first. Raises InvalidInput."""
        list_name = f"projects of {actor.user_id}"
        page_request = self.cursors.page_request(list_name, query, POSITION)
        return await self.projects.get_page(page_request, user_id=actor.user_id)

    async def update(
        self, actor: Actor, data: ProjectUpdate, *, project_id: UUID, if_match: IfMatch
    ) -> ProjectPublic:
        """Change a project.

        Raises ProjectNotFound, PermissionDenied, PreconditionFailed, EditConflict.
        """
        await self.access.require(MemberRole.OWNER, actor=actor, project_id=project_id)
        project = await self._get_for_change(project_id, if_match)
        changes = data.model_dump(exclude_unset=True)
        if changed := [name for name in changes if getattr(project, name) != changes[name]]:
            project.sqlmodel_update(changes | {"updated_at": clock.now()})
            await self.projects.save(conflict=if_match.conflict)
            await self.audit.record(
                "project.updated",
                actor=actor,
                resource_id=project.id,
                details={"fields": ", ".join(changed)},
            )
        return ProjectPublic.model_validate(project)

    async def delete(self, actor: Actor, *, project_id: UUID, if_match: IfMatch) -> None:
        """Delete a project. Raises ProjectNotFound, PermissionDenied, PreconditionFailed."""
        await self.access.require(
            MemberRole.OWNER, actor=actor, project_id=project_id, lock=Lock.EXCLUSIVE
        )
        await self._get_for_change(project_id, if_match)
        await self.projects.delete(project_id)
        await self.audit.record("project.deleted", actor=actor, resource_id=project_id)

    async def get_activity(
        self, actor: Actor, query: PageQuery, *, project_id: UUID
    ) -> Page[ActivityPublic]:
        """Return a page of the changes in a project, newest first.

        Raises ProjectNotFound, PermissionDenied, InvalidInput.
        """
        await self.access.require(MemberRole.OWNER, actor=actor, project_id=project_id)
        return await self.audit.get_page_of_scope(query, scope_id=project_id)

    async def _get_for_change(self, project_id: UUID, if_match: IfMatch) -> Project:
        project = await self.projects.get_for_change(project_id)
        if project is None:
            raise ProjectNotFound
        if_match.raise_unless_current(ProjectPublic.model_validate(project))
        return project
