"""Tables of tasks and their tags."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.core.ids import new_id
from app.core.tables import Base, Versioned, enum_check, enum_type

TITLE_MAX_LENGTH = 200
DESCRIPTION_MAX_LENGTH = 10_000
MAX_PRIORITY = 3


class TaskStatus(StrEnum):
    """Progress of a task."""

    TODO = "todo"
    DOING = "doing"
    DONE = "done"
    CANCELLED = "cancelled"


class TaskTag(Base, table=True):
    """Assignment of a tag to a task."""

    __tablename__ = "task_tags"

    task_id: UUID = Field(foreign_key="tasks.id", ondelete="CASCADE", primary_key=True)
    tag_id: UUID = Field(foreign_key="tags.id", ondelete="CASCADE", primary_key=True, index=True)


class Task(Versioned, table=True):
    """Task of a project. Its assignee is a member; deleting the user unassigns it."""

    __tablename__ = "tasks"
    __table_args__ = (
        enum_check("status", TaskStatus),
        CheckConstraint("length(title) >= 1", name="title_not_empty"),
        CheckConstraint(f"priority BETWEEN 0 AND {MAX_PRIORITY}", name="priority_in_range"),
        # Each index is for one sort order of the list, in both directions.
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
