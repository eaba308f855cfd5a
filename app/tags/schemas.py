"""Schemas of tags."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.core.schemas import Input, Line, Output
from app.tags.models import TAG_NAME_MAX_LENGTH

TagName = Annotated[Line, Field(max_length=TAG_NAME_MAX_LENGTH, examples=["Urgent"])]


class TagCreate(Input):
    """New tag. Its name must be unique in the project, also in different case."""

    name: TagName


class TagUpdate(Input):
    """Change of a tag. An absent field is unchanged."""

    name: TagName | MISSING = MISSING


class TagPublic(Output):
    """Tag, as shown to users with access to its project."""

    id: UUID
    name: str
