"""Schemas of tags."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, AfterValidator, Field, StringConstraints

from app.core.schemas import NOT_BLANK, Input, Output
from app.tags.models import TAG_NAME_MAX_LENGTH

TagName = Annotated[
    str,
    StringConstraints(max_length=TAG_NAME_MAX_LENGTH, pattern=NOT_BLANK),
    AfterValidator(str.strip),
    Field(examples=["Urgent"]),
]


class TagCreate(Input):
    """New tag. No other tag of the project can have its name, even in different case."""

    name: TagName


class TagUpdate(Input):
    """Change of a tag. An absent field is unchanged."""

    name: TagName | MISSING = MISSING


class TagPublic(Output):
    """Tag, as shown to the members of its project."""

    id: UUID
    name: str
