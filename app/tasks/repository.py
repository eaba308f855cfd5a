"""Queries on tasks."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import bindparam, col, delete, insert, select, update

from app.core.errors import AppError
from app.core.pagination import Page, PageRequest
from app.core.repositories import Repository
from app.projects.errors import ProjectNotFound
from app.projects.repository import visible
from app.tags.models import Tag
from app.tags.schemas import TagPublic
from app.tasks.errors import TaskNotFound
from app.tasks.models import Task, TaskTag
from app.tasks.queries import COLUMN_NAMES, SELECT, TaskPosition, page_of_tasks
from app.tasks.schemas import TaskPublic, TaskQuery

# Built once, because every response with tasks executes them.
_TASK = visible(SELECT, col(Task.project_id), user_id=bindparam("user_id")).where(
    col(Task.id) == bindparam("task_id")
)
_TAGS = (
    select(TaskTag.task_id, Tag.id, Tag.name)
    .join(Tag, col(Tag.id) == col(TaskTag.tag_id))
    .where(col(TaskTag.task_id).in_(bindparam("task_ids", expanding=True)))
    .order_by(col(Tag.name_key))
)


class TaskRepository(Repository):
    """Queries on tasks."""

    async def add(self, task: Task) -> None:
        """Store a new task. Raises ProjectNotFound if the project is deleted."""
        self._session.add(task)
        await self._flush({"fk_tasks_project_id_projects": ProjectNotFound})

    async def get(self, task_id: UUID, *, user_id: UUID) -> TaskPublic | None:
        """Return the task if the user is a member of its project, or None."""
        values = {"user_id": user_id, "task_id": task_id}
        row = (await self._session.exec(_TASK, params=values)).one_or_none()
        return None if row is None else _public(_named(row), await self._get_tags([task_id]))

    async def get_project_id(self, task_id: UUID) -> UUID | None:
        """Return the id of the task's project, or None if the task does not exist."""
        statement = select(Task.project_id).where(Task.id == task_id)
        return (await self._session.exec(statement)).one_or_none()

    async def get_for_change(self, task_id: UUID, *, project_id: UUID) -> Task | None:
        """Return the project's task as an entity, or None."""
        statement = select(Task).where(Task.id == task_id, Task.project_id == project_id)
        return (await self._session.exec(statement)).one_or_none()

    async def get_page(
        self,
        page_request: PageRequest[TaskPosition],
        query: TaskQuery,
        *,
        project_id: UUID,
    ) -> Page[TaskPublic]:
        """Return a page of the tasks of a project."""
        statement, values = page_of_tasks(query, page_request)
        values = {**values, "project_id": project_id}
        found = (await self._session.exec(statement, params=values)).all()
        rows = [_named(row) for row in found]
        tags = await self._get_tags([row["id"] for row in rows[: page_request.limit]])
        return page_request.page(
            rows,
            item=lambda row: _public(row, tags),
            position=lambda row: (row[query.sort.field], row["id"]),
        )

    async def save(self, *, conflict: type[AppError]) -> None:
        """Write the changes. Raises `conflict` if another request has changed the task."""
        await self._flush(conflict=conflict)

    async def delete(self, task: Task, *, conflict: type[AppError]) -> None:
        """Delete the task.

        Raises `conflict` if another request has changed it, and TaskNotFound if it is deleted.
        """
        unchanged = (col(Task.id) == task.id, col(Task.version) == task.version)
        if (await self._session.exec(delete(Task).where(*unchanged))).rowcount == 0:
            statement = select(Task.id).where(Task.id == task.id)
            found = (await self._session.exec(statement)).one_or_none()
            raise conflict if found else TaskNotFound

    async def unassign(self, *, project_id: UUID, user_id: UUID, now: datetime) -> None:
        """Remove the user as the assignee of tasks in the project."""
        statement = (
            update(Task)
            .where(col(Task.project_id) == project_id, col(Task.assignee_id) == user_id)
            .values(assignee_id=None, updated_at=now, version=Task.version + 1)
        )
        await self._session.exec(statement)

    async def lock_tags(self, tag_ids: Collection[UUID], *, project_id: UUID) -> set[UUID]:
        """Return the ids of the tags that belong to the project.

        They are locked against deletion, always in the same order, so that no deadlock occurs.
        """
        statement = (
            select(Tag.id)
            .where(col(Tag.project_id) == project_id, col(Tag.id).in_(tag_ids))
            .order_by(col(Tag.id))
            .with_for_update(read=True, key_share=True)
        )
        return set((await self._session.exec(statement)).all())

    async def get_tag_ids(self, task_id: UUID) -> set[UUID]:
        """Return the ids of the task's tags."""
        statement = select(TaskTag.tag_id).where(TaskTag.task_id == task_id)
        return set((await self._session.exec(statement)).all())

    async def set_tags(self, task_id: UUID, tag_ids: Collection[UUID]) -> None:
        """Replace the tags of a task, which the transaction has changed, so that it is locked."""
        await self._session.exec(delete(TaskTag).where(col(TaskTag.task_id) == task_id))
        rows = [{"task_id": task_id, "tag_id": tag_id} for tag_id in tag_ids]
        if rows:
            await self._session.exec(insert(TaskTag), params=rows)

    async def _get_tags(self, task_ids: Collection[UUID]) -> dict[UUID, list[TagPublic]]:
        found = await self._session.exec(_TAGS, params={"task_ids": task_ids})
        tags: dict[UUID, list[TagPublic]] = {}
        for task_id, tag_id, name in found:
            tags.setdefault(task_id, []).append(TagPublic(id=tag_id, name=name))
        return tags


def _named(row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(COLUMN_NAMES, row, strict=True))


def _public(row: Mapping[str, Any], tags: Mapping[UUID, list[TagPublic]]) -> TaskPublic:
    assignee = {"id": row["assignee_id"], "full_name": row["assignee_name"]}
    return TaskPublic.model_validate(
        {
            **row,
            "assignee": assignee if row["assignee_id"] else None,
            "tags": tags.get(row["id"], []),
        }
    )
