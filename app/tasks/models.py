"""Tasks and their tags."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, Relationship

from app.core.ids import new_id
from app.core.tables import Base, Versioned, enum_check, enum_type
from app.tags.models import Tag
from app.users.models import User

TITLE_MAX_LENGTH = 200
DESCRIPTION_MAX_LENGTH = 10_000
MAX_PRIORITY = 3


class TaskStatus(StrEnum):
    """How far a task is."""

    TODO = "todo"
    DOING = "doing"
    DONE = "done"
    CANCELLED = "cancelled"


class TaskTag(Base, table=True):
    """A tag on a task."""

    __tablename__ = "task_tags"

    task_id: UUID = Field(foreign_key="tasks.id", ondelete="CASCADE", primary_key=True)
    tag_id: UUID = Field(foreign_key="tags.id", ondelete="CASCADE", primary_key=True, index=True)


class Task(Versioned, table=True):
    """Something to do. Its assignee is a member; a deleted user leaves it unassigned."""

    __tablename__ = "tasks"
    __table_args__ = (
        enum_check("status", TaskStatus),
        CheckConstraint("length(title) >= 1", name="title_not_empty"),
        CheckConstraint(f"priority BETWEEN 0 AND {MAX_PRIORITY}", name="priority_in_range"),
        # One for each order of the list, read forwards and backwards.
        Index(None, "project_id", "created_at", "id"),
        Index(None, "project_id", "due_date", "id"),
        Index(None, "project_id", "priority", "id"),
        Index(None, "project_id", "title", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    project_id: UUID = Field(foreign_key="projects.id", ondelete="CASCADE")
    title: str = Field(max_length=TITLE_MAX_LENGTH)
    description: str | None = Field(default=None, max_length=DESCRIPTION_MAX_LENGTH)
    status: TaskStatus = Field(default=TaskStatus.TODO, sa_type=enum_type(TaskStatus))
    priority: int = 0
    due_date: date | None = None
    assignee_id: UUID | None = Field(
        default=None, foreign_key="users.id", ondelete="SET NULL", index=True
    )
    created_at: datetime
    updated_at: datetime

    assignee: User | None = Relationship(sa_relationship_kwargs={"lazy": "raise"})
    tags: list[Tag] = Relationship(
        link_model=TaskTag, sa_relationship_kwargs={"lazy": "raise", "order_by": "Tag.name_key"}
    )
