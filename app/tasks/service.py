"""Service for tasks."""

from dataclasses import dataclass
from uuid import UUID

from app.audit.service import Actor, AuditTrail
from app.core import clock
from app.core.etags import IfMatch
from app.core.pagination import Cursors, Page
from app.core.repositories import Lock
from app.members.repository import MemberRepository
from app.projects.errors import ProjectNotFound
from app.projects.models import MemberRole
from app.projects.service import Access, ProjectAccess
from app.tasks.errors import AssigneeNotMember, TagNotInProject, TaskNotFound
from app.tasks.models import Task
from app.tasks.queries import POSITIONS
from app.tasks.repository import TaskRepository
from app.tasks.schemas import TaskCreate, TaskPublic, TaskQuery, TaskTags, TaskUpdate
from app.users.schemas import UserReference


@dataclass(frozen=True, kw_only=True)
class TaskAccess:
    """Check of an actor's access to a task, which is the access to its project."""

    tasks: TaskRepository
    projects: ProjectAccess

    async def get(
        self,
        actor: Actor,
        *,
        task_id: UUID,
        lock: Lock | None = None,
        referenced_user_id: UUID | None = None,
    ) -> Access:
        """Return the actor's access to the task's project. Raises TaskNotFound.

        The locks are those of `ProjectAccess.get`.
        """
        project_id = await self.tasks.get_project_id(task_id)
        if project_id is None:
            raise TaskNotFound
        try:
            return await self.projects.get(
                actor, project_id=project_id, lock=lock, referenced_user_id=referenced_user_id
            )
        except ProjectNotFound as error:
            raise TaskNotFound from error


@dataclass(frozen=True, kw_only=True)
class TaskService:
    """Service that creates, reads, changes and deletes tasks."""

    tasks: TaskRepository
    members: MemberRepository
    access: TaskAccess
    audit: AuditTrail
    cursors: Cursors

    async def create(self, actor: Actor, data: TaskCreate, *, project_id: UUID) -> TaskPublic:
        """Create a task. Raises ProjectNotFound, PermissionDenied, AssigneeNotMember."""
        access = await self.access.projects.get(
            actor,
            project_id=project_id,
            lock=Lock.SHARED if data.assignee_id else None,
            referenced_user_id=data.assignee_id,
        )
        access.require(MemberRole.EDITOR)
        assignee = await self._get_assignee(data.assignee_id, project_id=project_id)
        now = clock.now()
        task = Task(project_id=project_id, created_at=now, updated_at=now, **data.model_dump())
        await self.tasks.add(task)
        await self._record("task.created", actor, task)
        return TaskPublic(**task.model_dump(), assignee=assignee, tags=[])

    async def get(self, actor: Actor, *, task_id: UUID) -> TaskPublic:
        """Return the task. Raises TaskNotFound."""
        task = await self.tasks.get(task_id, user_id=actor.user_id)
        if task is None:
            raise TaskNotFound
        return task

    async def get_page(
        self, actor: Actor, query: TaskQuery, *, project_id: UUID
    ) -> Page[TaskPublic]:
        """Return a page of tasks. Raises ProjectNotFound, InvalidInput."""
        await self.access.projects.get(actor, project_id=project_id)
        filters = query.model_dump_json(exclude={"cursor", "limit"})
        list_name = f"tasks of {project_id} {filters}"
        page_request = self.cursors.page_request(list_name, query, POSITIONS[query.sort.field])
        return await self.tasks.get_page(page_request, query, project_id=project_id)

    async def update(
        self, actor: Actor, data: TaskUpdate, *, task_id: UUID, if_match: IfMatch
    ) -> TaskPublic:
        """Change a task.

        Raises TaskNotFound, PermissionDenied, AssigneeNotMember, PreconditionFailed, EditConflict.
        """
        changes = data.model_dump(exclude_unset=True)
        assignee_id = changes.get("assignee_id")
        task = await self._get_for_change(actor, task_id, if_match, referenced_user_id=assignee_id)
        changed = [name for name in changes if getattr(task, name) != changes[name]]
        if "assignee_id" in changed:
            await self._get_assignee(assignee_id, project_id=task.project_id)
        if changed:
            task.sqlmodel_update(changes)
            await self._save(actor, task, changed, if_match)
        return await self.get(actor, task_id=task_id)

    async def set_tags(
        self, actor: Actor, data: TaskTags, *, task_id: UUID, if_match: IfMatch
    ) -> TaskPublic:
        """Replace the tags of a task.

        Raises TaskNotFound, PermissionDenied, TagNotInProject, PreconditionFailed, EditConflict.
        """
        task = await self._get_for_change(actor, task_id, if_match)
        tag_ids = set(data.tag_ids)
        if await self.tasks.lock_tags(tag_ids, project_id=task.project_id) != tag_ids:
            raise TagNotInProject
        if await self.tasks.get_tag_ids(task_id) != tag_ids:
            await self._save(actor, task, ["tags"], if_match)
            await self.tasks.set_tags(task_id, tag_ids)
        return await self.get(actor, task_id=task_id)

    async def delete(self, actor: Actor, *, task_id: UUID, if_match: IfMatch) -> None:
        """Delete a task.

        Raises TaskNotFound, PermissionDenied, PreconditionFailed, EditConflict.
        """
        task = await self._get_for_change(actor, task_id, if_match)
        await self.tasks.delete(task, conflict=if_match.conflict)
        await self._record("task.deleted", actor, task)

    async def _get_for_change(
        self,
        actor: Actor,
        task_id: UUID,
        if_match: IfMatch,
        *,
        referenced_user_id: UUID | None = None,
    ) -> Task:
        access = await self.access.get(
            actor, task_id=task_id, lock=Lock.SHARED, referenced_user_id=referenced_user_id
        )
        task = await self.tasks.get_for_change(task_id, project_id=access.project_id)
        if task is None:
            raise TaskNotFound
        access.require(MemberRole.EDITOR)
        if if_match.is_specific:
            # Read after the entity, because its version detects each change that follows.
            if_match.raise_unless_current(await self.get(actor, task_id=task_id))
        return task

    async def _get_assignee(
        self, assignee_id: UUID | None, *, project_id: UUID
    ) -> UserReference | None:
        """Return the assignee, a member of the locked project. Raises AssigneeNotMember."""
        if assignee_id is None:
            return None
        found = await self.members.get(project_id=project_id, user_id=assignee_id)
        if found is None:
            raise AssigneeNotMember
        return UserReference.model_validate(found[1])

    async def _save(self, actor: Actor, task: Task, changed: list[str], if_match: IfMatch) -> None:
        task.updated_at = clock.now()
        await self.tasks.save(conflict=if_match.conflict)
        await self._record("task.updated", actor, task, fields=", ".join(changed))

    async def _record(self, action: str, actor: Actor, task: Task, **details: str) -> None:
        await self.audit.record(
            action, actor=actor, resource_id=task.id, scope_id=task.project_id, details=details
        )
