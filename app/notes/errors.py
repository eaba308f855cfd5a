"""Errors about notes."""

from app.core.errors import Conflict, NotFound
from app.notes.models import MAX_NOTES


class NoteNotFound(NotFound):
    """Error 404: the user has no note with this id."""

    detail = "The note does not exist or belongs to another user."


class TooManyNotes(Conflict):
    """Error 409: the user has the maximum number of notes."""

    code = "too_many_notes"
    detail = f"A user can have at most {MAX_NOTES} notes. Delete one first."
