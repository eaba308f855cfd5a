"""Tags on the wire, and what is refused about them."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, AfterValidator, Field, StringConstraints

from app.core.errors import Conflict, NotFound
from app.models.tags import TAG_NAME_MAX_LENGTH
from app.schemas.base import NOT_BLANK, Input, Output

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


class TagNotFound(NotFound):
    """The project has no such tag, or the caller is no member of it."""

    detail = "There is no such tag."


class TagTaken(Conflict):
    """The project has a tag of this name."""

    code = "tag_taken"
    detail = "The project has a tag with this name already."
