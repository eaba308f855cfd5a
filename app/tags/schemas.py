"""Tags on the wire, and what is refused about them."""

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
    """A new tag. Its name is unique in the project, whatever its case."""

    name: TagName


class TagUpdate(Input):
    """What editors change about a tag. An absent field stays."""

    name: TagName | MISSING = MISSING


class TagPublic(Output):
    """A tag."""

    id: UUID
    name: str
