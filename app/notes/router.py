"""Routes for notes."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.authentication.dependencies import ActorDep
from app.core.pagination import Page, PageQuery
from app.http.openapi import error_responses
from app.http.routing import create_router, set_location
from app.notes.dependencies import NoteServiceDep
from app.notes.errors import NoteNotFound, TooManyNotes
from app.notes.schemas import NoteCreate, NotePublic, NoteUpdate

router = create_router("/notes", tag="notes")


@router.get("")
async def list_notes(
    query: Annotated[PageQuery, Query()], actor: ActorDep, notes: NoteServiceDep
) -> Page[NotePublic]:
    """List your notes, newest first."""
    return await notes.get_page(actor, query)


@router.post("", status_code=201, responses=error_responses(TooManyNotes))
async def create_note(
    body: NoteCreate, actor: ActorDep, notes: NoteServiceDep, response: Response
) -> NotePublic:
    """Create a note."""
    note = await notes.create(actor, body)
    set_location(response, f"/notes/{note.id}")
    return note


@router.get("/{note_id}", responses=error_responses(NoteNotFound))
async def read_note(note_id: UUID, actor: ActorDep, notes: NoteServiceDep) -> NotePublic:
    """Return one of your notes."""
    return await notes.get(actor, note_id=note_id)


@router.patch("/{note_id}", responses=error_responses(NoteNotFound))
async def update_note(
    note_id: UUID, body: NoteUpdate, actor: ActorDep, notes: NoteServiceDep
) -> NotePublic:
    """Change one of your notes. An absent field is unchanged."""
    return await notes.update(actor, body, note_id=note_id)


@router.delete("/{note_id}", status_code=204, responses=error_responses(NoteNotFound))
async def delete_note(note_id: UUID, actor: ActorDep, notes: NoteServiceDep) -> None:
    """Delete one of your notes permanently."""
    await notes.delete(actor, note_id=note_id)
