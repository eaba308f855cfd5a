"""Errors about projects."""

from app.core.errors import NotFound


class ProjectNotFound(NotFound):
    """Error 404: the project does not exist, or the user is not a member of it."""

    detail = "The project does not exist or you are not a member of it."
