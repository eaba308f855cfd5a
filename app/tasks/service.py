"""Tasks of a project."""

from uuid import UUID

from app.audit.service import ActivityService
from app.core import clock
from app.core.etags import IfMatch
from app.core.pagination import Cursors, Slice
from app.members.repository import MemberRepository
from app.projects.access import ProjectAccess, refuse_unless
from app.projects.models import MemberRole
from app.projects.repository import Lock
from app.tags.repository import TagRepository
from app.tasks.errors import AssigneeNotMember, TagNotInProject, TaskNotFound
from app.tasks.models import Task
from app.tasks.queries import POSITIONS
from app.tasks.repository import TaskRepository
from app.tasks.schemas import TaskCreate, TaskPublic, TaskQuery, TaskTags, TaskUpdate
from app.users.models import User
from app.users.repository import UserRepository


class TaskService:
    """Makes, shows, changes and deletes tasks."""

    def __init__(
        self,
        *,
        tasks: TaskRepository,
        tags: TagRepository,
        members: MemberRepository,
        users: UserRepository,
        access: ProjectAccess,
        activity: ActivityService,
        cursors: Cursors,
    ) -> None:
        self._tasks = tasks
        self._tags = tags
        self._members = members
        self._users = users
        self._access = access
        self._activity = activity
        self._cursors = cursors

    async def create(self, user_id: UUID, project_id: UUID, data: TaskCreate) -> Task:
        """A new task. Raises ProjectNotFound, PermissionDenied, AssigneeNotMember."""
        await self._access.require(MemberRole.EDITOR, project_id, user_id=user_id)
        assignee = await self._get_assignee(user_id, project_id, data.assignee_id)
        now = clock.now()
        task = Task(
            project_id=project_id,
            assignee=assignee,
            tags=[],
            created_at=now,
            updated_at=now,
            **data.model_dump(),
        )
        await self._tasks.add(task)
        await self._activity.record("task.created", by=user_id, on=task.id, within=project_id)
        return task

    async def get(self, user_id: UUID, task_id: UUID) -> Task:
        """The task. Raises TaskNotFound."""
        task, _ = await self._get(user_id, task_id)
        return task

    async def get_page(
        self, user_id: UUID, project_id: UUID, query: TaskQuery
    ) -> Slice[TaskPublic]:
        """A page of tasks. Raises ProjectNotFound, and InvalidInput for a cursor that is broken
        or comes from another project, filter or order.
        """
        asked = query.model_dump_json(exclude={"cursor", "limit"})
        list_name = f"tasks of {project_id} {asked}"
        after = self._cursors.open(list_name, query.cursor, POSITIONS[query.sort.field])
        tasks, end = await self._tasks.get_page(project_id, query, user_id=user_id, after=after)
        if not tasks:
            await self._access.require(MemberRole.VIEWER, project_id, user_id=user_id)
        return Slice(tasks, self._cursors.seal(list_name, end))

    async def update(
        self, user_id: UUID, task_id: UUID, data: TaskUpdate, *, if_match: IfMatch
    ) -> Task:
        """Change a task. Raises TaskNotFound, PermissionDenied, AssigneeNotMember, and
        PreconditionFailed or EditConflict when someone else was faster.
        """
        task = await self._get_for_change(user_id, task_id, if_match)
        changes = data.model_dump(exclude_unset=True)
        changed = [name for name in changes if getattr(task, name) != changes[name]]
        if "assignee_id" in changed:
            task.assignee = await self._get_assignee(
                user_id, task.project_id, changes["assignee_id"]
            )
        if changed:
            task.sqlmodel_update(changes)
            await self._save(user_id, task, changed, if_match)
        return task

    async def set_tags(
        self, user_id: UUID, task_id: UUID, data: TaskTags, *, if_match: IfMatch
    ) -> Task:
        """Give the task these tags and no others. Raises TaskNotFound, PermissionDenied,
        TagNotInProject, and PreconditionFailed or EditConflict when someone else was faster.
        """
        task = await self._get_for_change(user_id, task_id, if_match)
        # Shared with everyone but who deletes tags, which have to stay.
        await self._access.require(
            MemberRole.EDITOR, task.project_id, user_id=user_id, lock=Lock.SHARED
        )
        tag_ids = set(data.tag_ids)
        tags = await self._tags.get_all(task.project_id, tag_ids)
        if len(tags) < len(tag_ids):
            raise TagNotInProject
        if tags != task.tags:
            task.tags = tags
            await self._save(user_id, task, ["tags"], if_match)
        return task

    async def delete(self, user_id: UUID, task_id: UUID, *, if_match: IfMatch) -> None:
        """Delete a task. Raises TaskNotFound, PermissionDenied, and PreconditionFailed or
        EditConflict when someone else was faster.
        """
        task = await self._get_for_change(user_id, task_id, if_match)
        await self._tasks.delete(task, conflict=if_match.conflict)
        await self._activity.record("task.deleted", by=user_id, on=task_id, within=task.project_id)

    async def _get(self, user_id: UUID, task_id: UUID) -> tuple[Task, MemberRole]:
        found = await self._tasks.get(task_id, user_id=user_id)
        if found is None:
            raise TaskNotFound
        return found

    async def _get_for_change(self, user_id: UUID, task_id: UUID, if_match: IfMatch) -> Task:
        task, role = await self._get(user_id, task_id)
        refuse_unless(role, MemberRole.EDITOR)
        if_match.refuse_unless_current(TaskPublic.model_validate(task))
        return task

    async def _get_assignee(
        self, user_id: UUID, project_id: UUID, assignee_id: UUID | None
    ) -> User | None:
        """The assignee, who stays a member until the transaction ends. Raises AssigneeNotMember."""
        if assignee_id is None:
            return None
        await self._users.hold(assignee_id)
        await self._access.require(MemberRole.EDITOR, project_id, user_id=user_id, lock=Lock.SHARED)
        found = await self._members.get(project_id, assignee_id)
        if found is None:
            raise AssigneeNotMember
        return found[1]

    async def _save(self, user_id: UUID, task: Task, changed: list[str], if_match: IfMatch) -> None:
        task.updated_at = clock.now()
        await self._tasks.save(conflict=if_match.conflict)
        await self._activity.record(
            "task.updated",
            by=user_id,
            on=task.id,
            within=task.project_id,
            details={"fields": ", ".join(changed)},
        )
