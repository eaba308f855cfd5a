"""Schemas of notes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.core.schemas import Input, Line, Output, Text
from app.notes.models import BODY_MAX_LENGTH, TITLE_MAX_LENGTH

NoteTitle = Annotated[Line, Field(max_length=TITLE_MAX_LENGTH, examples=["Groceries"])]
NoteBody = Annotated[Text, Field(max_length=BODY_MAX_LENGTH, examples=["Bread, olives, tea"])]


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
