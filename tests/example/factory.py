"""Makes projects and what lies in them. A test states only what its scenario is about."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import func, select

from app.core import clock
from app.core.ids import new_id
from app.core.tables import Base, name_key
from app.projects.models import MemberRole, Membership, Project
from app.runtime.resources import Resources
from app.tags.models import Tag
from app.tasks.models import Task, TaskTag
from app.users.models import User


class ProjectFactory:
    """Makes what a test needs, past the API."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def project(self, owner: User, **members: User) -> Project:
        """A stored project; `viewer=user` or `editor=user` takes the user in."""
        now = clock.now()
        project = Project(name="Analytical engine", created_at=now, updated_at=now)
        roles = {"owner": owner, **members}
        memberships = [
            Membership(project_id=project.id, user_id=user.id, role=MemberRole(role))
            for role, user in roles.items()
        ]
        await self._add(project, *memberships)
        return project

    async def member(self, project_id: UUID, user: User, role: MemberRole) -> Membership:
        """A stored member."""
        membership = Membership(project_id=project_id, user_id=user.id, role=role)
        await self._add(membership)
        return membership

    async def tag(self, project_id: UUID, name: str | None = None) -> Tag:
        """A stored tag."""
        name = name or str(new_id())
        tag = Tag(project_id=project_id, name=name, name_key=name_key(name))
        await self._add(tag)
        return tag

    async def task(self, project_id: UUID, *tags: Tag, **fields: Any) -> Task:
        """A stored task with these tags."""
        now = clock.now()
        values = {"title": "Mend the mill", "created_at": now, "updated_at": now, **fields}
        task = Task(project_id=project_id, **values)
        await self._add(task, *[TaskTag(task_id=task.id, tag_id=tag.id) for tag in tags])
        return task

    async def tasks(self, project_id: UUID, *fields: dict[str, Any]) -> list[Task]:
        """Stored tasks with these fields, one made a minute after the other."""
        start = clock.now() - timedelta(days=1)
        return [
            await self.task(project_id, **{"created_at": start + timedelta(minutes=number), **each})
            for number, each in enumerate(fields)
        ]

    async def count(self, table: type[Any], **values: object) -> int:
        """How many stored rows have these values."""
        async with self._resources.database.transaction(read_only=True) as session:
            statement = select(func.count()).select_from(table).filter_by(**values)
            return (await session.exec(statement)).one()

    async def _add(self, *rows: Base) -> None:
        async with self._resources.database.transaction() as session:
            for row in rows:
                session.add(row)
                # In this order: rows without a relationship between them would come in another.
                await session.flush()
