"""Service for projects. Every user can create one; its owners change and delete it."""

from dataclasses import dataclass
from uuid import UUID

from app.audit.schemas import ActivityPublic
from app.audit.service import Actor, AuditTrail
from app.core import clock
from app.core.errors import PermissionDenied
from app.core.etags import IfMatch
from app.core.pagination import POSITION, Cursors, Page, PageQuery
from app.core.repositories import Lock
from app.projects.errors import ProjectNotFound
from app.projects.models import MemberRole, Membership, Project
from app.projects.repository import ProjectRepository
from app.projects.schemas import ProjectCreate, ProjectPublic, ProjectUpdate
from app.users.repository import UserRepository


@dataclass(frozen=True)
class Access:
    """Access of an actor to a project and its children, by a role."""

    project_id: UUID
    role: MemberRole

    def require(self, role: MemberRole) -> None:
        """Raise PermissionDenied unless the actor has this role, or one that includes it."""
        if not self.role.includes(role):
            raise PermissionDenied


@dataclass(frozen=True, kw_only=True)
class ProjectAccess:
    """Check of an actor's access to a project and its children."""

    projects: ProjectRepository
    users: UserRepository

    async def get(
        self,
        actor: Actor,
        *,
        project_id: UUID,
        lock: Lock | None = None,
        referenced_user_id: UUID | None = None,
    ) -> Access:
        """Return the actor's access to the project. Raises ProjectNotFound.

        With a lock, the access remains until the transaction ends. Without one, the actor could
        lose it while the transaction waits for the lock of a child. To avoid deadlocks, all
        transactions lock users first, then projects, then children: `referenced_user_id` is a user
        whom the change will refer to, and who is locked against deletion.
        """
        if referenced_user_id is not None:
            await self.users.lock_against_deletion(referenced_user_id)
        role = await self.projects.get_role(project_id, user_id=actor.user_id, lock=lock)
        if role is None:
            raise ProjectNotFound
        return Access(project_id, role)


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
        project = await self._get_for_change(actor, project_id, if_match)
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
        await self._get_for_change(actor, project_id, if_match)
        await self.projects.delete(project_id)
        await self.audit.record("project.deleted", actor=actor, resource_id=project_id)

    async def get_activity(
        self, actor: Actor, query: PageQuery, *, project_id: UUID
    ) -> Page[ActivityPublic]:
        """Return a page of the changes in a project, newest first.

        Raises ProjectNotFound, PermissionDenied, InvalidInput.
        """
        access = await self.access.get(actor, project_id=project_id)
        access.require(MemberRole.OWNER)
        return await self.audit.get_page_of_scope(query, scope_id=project_id)

    async def _get_for_change(self, actor: Actor, project_id: UUID, if_match: IfMatch) -> Project:
        access = await self.access.get(actor, project_id=project_id, lock=Lock.EXCLUSIVE)
        access.require(MemberRole.OWNER)
        project = await self.projects.get_for_change(project_id)
        if project is None:
            raise ProjectNotFound
        if_match.raise_unless_current(ProjectPublic.model_validate(project))
        return project
