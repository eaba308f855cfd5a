"""Errors about projects."""

from app.core.errors import NotFound


class ProjectNotFound(NotFound):
    """No project has this id, or the caller is no member of it."""

    detail = "There is no such project."
