"""Factory of notes."""

from typing import Any

from app.notes.models import Note
from app.users.models import User
from tests.support.factories import Factory


async def create_note(factory: Factory, owner: User, **values: Any) -> Note:
    """Store a note of the owner."""
    note = Note(**{"owner_id": owner.id, "title": "Groceries", "body": "Bread, tea", **values})
    await factory.add(note)
    return note
