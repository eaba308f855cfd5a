"""Errors about tasks."""

from app.core.errors import InvalidInput, NotFound


class TaskNotFound(NotFound):
    """Error 404: the task does not exist, or the user is not a member of its project."""

    detail = "The task does not exist or you are not a member of its project."


class AssigneeNotMember(InvalidInput):
    """Error 422: the assignee is not a member of the project."""

    code = "assignee_not_member"
    detail = "The assignee is not a member of the project. Choose a member."

    def __init__(self) -> None:
        super().__init__(self.detail, pointer="/assignee_id")


class TagNotInProject(InvalidInput):
    """Error 422: a tag does not exist in the project."""

    code = "tag_not_in_project"
    detail = "A tag does not exist in the project. Create it first."

    def __init__(self) -> None:
        super().__init__(self.detail, pointer="/tag_ids")
