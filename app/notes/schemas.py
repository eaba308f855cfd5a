"""Schemas of notes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field, StringConstraints

from app.core.schemas import MULTI_LINE, NOT_BLANK, Input, Output
from app.notes.models import BODY_MAX_LENGTH, TITLE_MAX_LENGTH

NoteTitle = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=TITLE_MAX_LENGTH, pattern=NOT_BLANK),
    Field(examples=["Groceries"]),
]
NoteBody = Annotated[
    str,
    StringConstraints(max_length=BODY_MAX_LENGTH, pattern=MULTI_LINE),
    Field(examples=["Bread, olives, tea"]),
]


class NoteCreate(Input):
    """New note."""

    title: NoteTitle
    body: NoteBody = ""


class NoteUpdate(Input):
    """Change of a note. An absent field is unchanged."""

    title: NoteTitle | MISSING = MISSING
    body: NoteBody | MISSING = MISSING


class NotePublic(Output):
    """Note, as shown to its owner."""

    id: UUID
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
