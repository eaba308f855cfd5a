"""Service for notes."""

from dataclasses import dataclass
from uuid import UUID

from app.audit.service import Actor, AuditTrail
from app.core import clock
from app.core.errors import Unauthenticated
from app.core.pagination import POSITION, Cursors, Page, PageQuery
from app.notes.errors import NoteNotFound
from app.notes.models import Note
from app.notes.repository import NoteRepository
from app.notes.schemas import NoteCreate, NotePublic, NoteUpdate
from app.users.repository import UserRepository


@dataclass(frozen=True, kw_only=True)
class NoteService:
    """Service that creates, reads, changes and deletes the actor's notes."""

    notes: NoteRepository
    users: UserRepository
    audit: AuditTrail
    cursors: Cursors

    async def create(self, actor: Actor, data: NoteCreate) -> NotePublic:
        """Create a note. Raises Unauthenticated, TooManyNotes."""
        # Without this lock, two requests could both count 999 notes.
        if await self.users.lock(actor.user_id) is None:
            raise Unauthenticated
        note = Note(owner_id=actor.user_id, **data.model_dump())
        await self.notes.add(note)
        await self._record("note.created", actor, note.id)
        return NotePublic.model_validate(note)

    async def get(self, actor: Actor, *, note_id: UUID) -> NotePublic:
        """Return the note. Raises NoteNotFound."""
        note = await self.notes.get(note_id, owner_id=actor.user_id)
        if note is None:
            raise NoteNotFound
        return note

    async def get_page(self, actor: Actor, query: PageQuery) -> Page[NotePublic]:
        """Return a page of notes, newest first. Raises InvalidInput for an invalid cursor."""
        list_name = f"notes of {actor.user_id}"
        page_request = self.cursors.page_request(list_name, query, POSITION)
        return await self.notes.get_page(page_request, owner_id=actor.user_id)

    async def update(self, actor: Actor, data: NoteUpdate, *, note_id: UUID) -> NotePublic:
        """Change a note. Raises NoteNotFound."""
        note = await self.notes.lock(note_id, owner_id=actor.user_id)
        if note is None:
            raise NoteNotFound
        changes = data.model_dump(exclude_unset=True)
        if any(getattr(note, name) != value for name, value in changes.items()):
            # The commit writes the changed entity.
            note.sqlmodel_update(changes | {"updated_at": clock.now()})
            await self._record("note.updated", actor, note_id)
        return NotePublic.model_validate(note)

    async def delete(self, actor: Actor, *, note_id: UUID) -> None:
        """Delete a note. Raises NoteNotFound."""
        if not await self.notes.delete(note_id, owner_id=actor.user_id):
            raise NoteNotFound
        await self._record("note.deleted", actor, note_id)

    async def _record(self, action: str, actor: Actor, note_id: UUID) -> None:
        await self.audit.record(action, actor=actor, resource_id=note_id, scope_id=actor.user_id)
