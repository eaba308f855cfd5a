"""Errors about tasks."""

from app.core.errors import InvalidInput, NotFound


class TaskNotFound(NotFound):
    """No task has this id, or the caller is no member of its project."""

    detail = "There is no such task."


class AssigneeNotMember(InvalidInput):
    """The assignee does not work in the project."""

    code = "assignee_not_member"
    detail = "The assignee is no member of the project."

    def __init__(self) -> None:
        super().__init__(self.detail, pointer="/assignee_id")


class TagNotInProject(InvalidInput):
    """A tag of another project, or of none."""

    code = "tag_not_in_project"
    detail = "A tag does not belong to the project."

    def __init__(self) -> None:
        super().__init__(self.detail, pointer="/tag_ids")
