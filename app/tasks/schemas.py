"""Schemas of tasks."""

import re
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import (
    MISSING,
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from app.core.pagination import PageQuery
from app.core.schemas import SINGLE_LINE, WHOLE_NUMBER, Input, Line, Output, Text
from app.tags.schemas import TagPublic
from app.tasks.models import DESCRIPTION_MAX_LENGTH, MAX_PRIORITY, TITLE_MAX_LENGTH, TaskStatus
from app.users.schemas import UserReference

MAX_TAGS_PER_TASK = 50
MAX_SEARCH_LENGTH = 200


def _written_as_date(value: object) -> object:
    """Return the value if it is written as a date. Pydantic also accepts numbers and times."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return value
    raise PydanticCustomError("date", "Must be a date in the form YYYY-MM-DD.")


Title = Annotated[Line, Field(max_length=TITLE_MAX_LENGTH, examples=["Write the first program"])]
Description = Annotated[Text, Field(max_length=DESCRIPTION_MAX_LENGTH)]
Priority = Annotated[StrictInt, Field(ge=0, le=MAX_PRIORITY, examples=[1]), WHOLE_NUMBER]
SearchText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_SEARCH_LENGTH, pattern=SINGLE_LINE),
]
CalendarDate = Annotated[date, BeforeValidator(_written_as_date)]


class TaskCreate(Input):
    """New task."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Write the first program", "priority": 2}]}
    )

    title: Title
    description: Description | None = None
    status: TaskStatus = TaskStatus.TODO
    priority: Priority = 0
    due_date: CalendarDate | None = None
    assignee_id: UUID | None = Field(None, description="Member of the project.")


class TaskUpdate(Input):
    """Change of a task. An absent field is unchanged; null clears it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "done", "due_date": None}]}
    )

    title: Title | MISSING = MISSING
    description: Description | MISSING | None = MISSING
    status: TaskStatus | MISSING = MISSING
    priority: Priority | MISSING = MISSING
    due_date: CalendarDate | MISSING | None = MISSING
    assignee_id: UUID | MISSING | None = Field(MISSING, description="Member of the project.")


class TaskTags(Input):
    """All tags of a task, which replace the current ones."""

    tag_ids: list[UUID] = Field(
        max_length=MAX_TAGS_PER_TASK, description="Tags of the project. Duplicates are ignored."
    )


class TaskSort(StrEnum):
    """Sort order of tasks, descending with a minus. Tasks without a due date come last."""

    CREATED_AT = "created_at"
    CREATED_AT_DESCENDING = "-created_at"
    DUE_DATE = "due_date"
    DUE_DATE_DESCENDING = "-due_date"
    PRIORITY = "priority"
    PRIORITY_DESCENDING = "-priority"
    TITLE = "title"
    TITLE_DESCENDING = "-title"

    @property
    def field(self) -> str:
        """Name of the field to sort by."""
        return self.removeprefix("-")

    @property
    def descending(self) -> bool:
        """True if the greatest value comes first."""
        return self.startswith("-")


class TaskQuery(PageQuery):
    """Query for a page of tasks, with their order. A task must match all filters."""

    sort: TaskSort = TaskSort.CREATED_AT
    # Sorted, so that a cursor does not depend on the order of the parameters.
    status: Annotated[list[TaskStatus], AfterValidator(lambda values: sorted(set(values)))] = Field(
        [], max_length=len(TaskStatus), description="Status of the tasks. Repeat it for several."
    )
    assignee_id: UUID | SkipJsonSchema[None] = None
    tag_id: UUID | SkipJsonSchema[None] = None
    due_before: CalendarDate | SkipJsonSchema[None] = Field(
        None, description="Due before this day, which is not included."
    )
    due_after: CalendarDate | SkipJsonSchema[None] = Field(
        None, description="Due after this day, which is not included."
    )
    q: SearchText | SkipJsonSchema[None] = Field(
        None,
        description="Text in title or description, in any case (on SQLite, in any ASCII case).",
    )


class TaskPublic(Output):
    """Task, as shown to the members of its project."""

    id: UUID
    project_id: UUID
    title: str
    description: str | None
    status: TaskStatus
    priority: int = Field(ge=0, le=MAX_PRIORITY, description="0 is no priority, 3 is the highest.")
    due_date: date | None
    assignee_id: UUID | None
    created_at: datetime
    updated_at: datetime
    assignee: UserReference | None
    tags: list[TagPublic] = Field(max_length=MAX_TAGS_PER_TASK, description="Tags, by name.")
