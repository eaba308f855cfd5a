"""Errors about tags."""

from app.core.errors import Conflict, NotFound


class TagNotFound(NotFound):
    """Error 404: the tag does not exist, or the user has no access to its project."""

    detail = "The tag does not exist or you have no access to its project."


class TagTaken(Conflict):
    """Error 409: the project has a tag with this name already."""

    code = "tag_taken"
    detail = "The project has a tag with this name already. Choose another name."
