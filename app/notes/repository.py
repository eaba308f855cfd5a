"""Queries on notes."""

from uuid import UUID

from sqlmodel import col, delete, select

from app.core.pagination import Page, PageRequest, Position
from app.core.repositories import Repository, select_columns
from app.notes.errors import TooManyNotes
from app.notes.models import MAX_NOTES, Note
from app.notes.schemas import NotePublic

_SELECT = select_columns(Note, NotePublic)


class NoteRepository(Repository):
    """Queries on the notes of a user."""

    async def add(self, note: Note) -> None:
        """Store a new note of a user, who is locked. Raises TooManyNotes."""
        notes = col(Note.owner_id) == note.owner_id
        await self._require_fewer_than(MAX_NOTES, notes, TooManyNotes)
        self._session.add(note)
        await self._flush()

    async def get(self, note_id: UUID, *, owner_id: UUID) -> NotePublic | None:
        """Return the user's note, or None."""
        statement = _SELECT.where(col(Note.id) == note_id, col(Note.owner_id) == owner_id)
        return await self._get_one(statement, NotePublic)

    async def get_page(
        self, page_request: PageRequest[Position], *, owner_id: UUID
    ) -> Page[NotePublic]:
        """Return a page of the user's notes, newest first."""
        statement = _SELECT.where(col(Note.owner_id) == owner_id)
        return await self._get_page_newest_first(statement, NotePublic, page_request, Note)

    async def lock(self, note_id: UUID, *, owner_id: UUID) -> Note | None:
        """Lock the note until the transaction ends. Return it as an entity, or None."""
        statement = (
            select(Note).where(Note.id == note_id, Note.owner_id == owner_id).with_for_update()
        )
        return (await self._session.exec(statement)).one_or_none()

    async def delete(self, note_id: UUID, *, owner_id: UUID) -> bool:
        """Delete the note. Return False if the user has no such note."""
        statement = delete(Note).where(col(Note.id) == note_id, col(Note.owner_id) == owner_id)
        return (await self._session.exec(statement)).rowcount == 1
