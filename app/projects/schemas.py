"""Projects on the wire, and what is refused about them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, AfterValidator, Field, StringConstraints

from app.core.schemas import NO_CONTROL_CHARACTERS_BUT_SPACE, NOT_BLANK, Input, Output
from app.projects.models import PROJECT_DESCRIPTION_MAX_LENGTH, PROJECT_NAME_MAX_LENGTH

ProjectName = Annotated[
    str,
    StringConstraints(max_length=PROJECT_NAME_MAX_LENGTH, pattern=NOT_BLANK),
    AfterValidator(str.strip),
    Field(examples=["Analytical engine"]),
]
ProjectDescription = Annotated[
    str,
    StringConstraints(
        max_length=PROJECT_DESCRIPTION_MAX_LENGTH, pattern=NO_CONTROL_CHARACTERS_BUT_SPACE
    ),
    Field(examples=["A general-purpose computer, in brass."]),
]


class ProjectCreate(Input):
    """A new project; who makes it owns it."""

    name: ProjectName
    description: ProjectDescription | None = None


class ProjectUpdate(Input):
    """What owners change about a project. An absent field stays; null clears it."""

    name: ProjectName | MISSING = MISSING
    description: ProjectDescription | MISSING | None = MISSING


class ProjectPublic(Output):
    """A project, as its members see it."""

    id: UUID
    name: str
    description: str | None
    created_at: datetime
    updated_at: datetime
