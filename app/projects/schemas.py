"""Schemas of projects."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.core.schemas import Input, Line, Output, Text
from app.projects.models import PROJECT_DESCRIPTION_MAX_LENGTH, PROJECT_NAME_MAX_LENGTH

ProjectName = Annotated[
    Line, Field(max_length=PROJECT_NAME_MAX_LENGTH, examples=["Analytical engine"])
]
ProjectDescription = Annotated[
    Text,
    Field(
        max_length=PROJECT_DESCRIPTION_MAX_LENGTH,
        examples=["A general-purpose computer, in brass."],
    ),
]


class ProjectCreate(Input):
    """New project. The user who creates it is its owner."""

    name: ProjectName
    description: ProjectDescription | None = None


class ProjectUpdate(Input):
    """Change of a project. An absent field is unchanged; null clears it."""

    name: ProjectName | MISSING = MISSING
    description: ProjectDescription | MISSING | None = MISSING


class ProjectPublic(Output):
    """Project, as shown to its members."""

    id: UUID
    name: str
    description: str | None
    created_at: datetime
    updated_at: datetime
