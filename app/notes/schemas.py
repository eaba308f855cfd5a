"""Schemas of notes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field, StringConstraints

from app.core.schemas import NO_CONTROL_CHARACTERS_BUT_SPACE, NOT_BLANK, Input, Output
from app.notes.models import BODY_MAX_LENGTH, TITLE_MAX_LENGTH

Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=TITLE_MAX_LENGTH, pattern=NOT_BLANK),
    Field(examples=["Groceries"]),
]
Body = Annotated[
    str,
    StringConstraints(max_length=BODY_MAX_LENGTH, pattern=NO_CONTROL_CHARACTERS_BUT_SPACE),
    Field(examples=["Bread, olives, tea"]),
]


class NoteCreate(Input):
    """New note."""

    title: Title
    body: Body = ""


class NoteUpdate(Input):
    """Change of a note. An absent field is unchanged."""

    title: Title | MISSING = MISSING
    body: Body | MISSING = MISSING


class NotePublic(Output):
    """Note, as shown to its owner."""

    id: UUID
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
