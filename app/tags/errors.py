"""Errors about tags."""

from app.core.errors import Conflict, NotFound


class TagNotFound(NotFound):
    """The project has no such tag, or the caller is no member of it."""

    detail = "There is no such tag."


class TagTaken(Conflict):
    """The project has a tag of this name."""

    code = "tag_taken"
    detail = "The project has a tag with this name already."
