"""Queries on tasks."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import joinedload, selectinload
from sqlmodel import bindparam, col, delete, insert, select, update
from sqlmodel.sql.expression import Select

from app.core.errors import AppError
from app.core.repositories import Repository, Values, cut
from app.projects.errors import ProjectNotFound
from app.projects.models import MemberRole
from app.projects.repository import Viewer, visible
from app.tags.models import Tag
from app.tags.schemas import TagPublic
from app.tasks.errors import TaskNotFound
from app.tasks.models import Task, TaskTag
from app.tasks.queries import COLUMN_NAMES, TaskPosition, page_of_tasks
from app.tasks.schemas import TaskPublic, TaskQuery

# These run for every task and every page that is shown, so they are built once.
_VISIBLE = (
    visible(Select(Task, col(Viewer.role)), col(Task.project_id), user_id=bindparam("user_id"))
    .where(col(Task.id) == bindparam("task_id"))
    .options(
        joinedload(Task.assignee),  # type: ignore[arg-type]  # SQLModel types the value
        selectinload(Task.tags),  # type: ignore[arg-type]  # SQLModel types the value
    )
)
_TAGS = (
    select(TaskTag.task_id, Tag.id, Tag.name)
    .join(Tag, col(Tag.id) == col(TaskTag.tag_id))
    .where(col(TaskTag.task_id).in_(bindparam("task_ids", expanding=True)))
    .order_by(col(Tag.name_key))
)


class TaskRepository(Repository):
    """Tasks, as far as a user may see them."""

    async def add(self, task: Task) -> None:
        """Store a new task. Raises ProjectNotFound if its project has just been deleted."""
        self._session.add(task)
        await self._flush({"fk_tasks_project_id_projects": ProjectNotFound})

    async def get(self, task_id: UUID, *, user_id: UUID) -> tuple[Task, MemberRole] | None:
        """The task with its tags and assignee, and what the user is in its project."""
        values = {"user_id": user_id, "task_id": task_id}
        return (await self._session.exec(_VISIBLE, params=values)).one_or_none()

    async def get_page(
        self, project_id: UUID, query: TaskQuery, *, user_id: UUID, after: TaskPosition | None
    ) -> tuple[list[TaskPublic], TaskPosition | None]:
        """A page of the tasks of a project that the user sees, with tags and assignees."""
        statement, values = page_of_tasks(query, after=after)
        values = {**values, "project_id": project_id, "user_id": user_id}
        found = (await self._session.exec(statement, params=values)).all()
        rows, last = cut([dict(zip(COLUMN_NAMES, row, strict=True)) for row in found], query.limit)
        tags = await self._get_tags([row["id"] for row in rows])
        items = [_public(row, tags.get(row["id"], [])) for row in rows]
        return items, (last[query.sort.field], last["id"]) if last else None

    async def save(self, *, conflict: type[AppError]) -> None:
        """Write what has changed. Raises `conflict` if someone else was faster."""
        await self._flush(conflict=conflict)

    async def delete(self, task: Task, *, conflict: type[AppError]) -> None:
        """Delete the task. Raises `conflict` if someone else has changed it meanwhile, and
        TaskNotFound if it is gone.
        """
        unchanged = (col(Task.id) == task.id, col(Task.version) == task.version)
        if (await self._session.exec(delete(Task).where(*unchanged))).rowcount == 0:
            still_there = select(Task.id).where(Task.id == task.id)
            found = (await self._session.exec(still_there)).one_or_none()
            raise conflict if found else TaskNotFound

    async def unassign(self, project_id: UUID, user_id: UUID, *, now: datetime) -> None:
        """Take the user off all tasks of the project."""
        statement = (
            update(Task)
            .where(col(Task.project_id) == project_id, col(Task.assignee_id) == user_id)
            .values(assignee_id=None, updated_at=now, version=Task.version + 1)
        )
        await self._session.exec(statement)

    async def add_all(self, tasks: Sequence[Values], links: Sequence[Values]) -> None:
        """Store many new tasks at once, at least one, with their tags."""
        # Without nulls rendered, each combination of them would be a statement of its own.
        nulls = {"render_nulls": True}
        await self._session.exec(insert(Task), params=tasks, execution_options=nulls)
        if links:
            await self._session.exec(insert(TaskTag), params=links)

    async def _get_tags(self, task_ids: Collection[UUID]) -> dict[UUID, list[TagPublic]]:
        found = await self._session.exec(_TAGS, params={"task_ids": task_ids})
        tags: dict[UUID, list[TagPublic]] = {}
        for task_id, tag_id, name in found:
            tags.setdefault(task_id, []).append(TagPublic(id=tag_id, name=name))
        return tags


def _public(row: Values, tags: list[TagPublic]) -> TaskPublic:
    assignee = {"id": row["assignee_id"], "full_name": row["assignee_name"]}
    shown = {**row, "assignee": assignee if row["assignee_id"] else None, "tags": tags}
    return TaskPublic.model_validate(shown)
