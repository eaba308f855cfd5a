"""Errors about members."""

from app.core.errors import Conflict, NotFound


class MemberNotFound(NotFound):
    """Error 404: the user is not a member of the project."""

    detail = "The user is not a member of the project."


class InviteeNotFound(NotFound):
    """Error 404: no user can be invited by this address. The response does not reveal why."""

    code = "user_not_found"
    detail = "No active user has verified this e-mail address."


class AlreadyMember(Conflict):
    """Error 409: the user is a member of the project already."""

    code = "already_member"
    detail = "This user is a member already."


class LastOwner(Conflict):
    """Error 409: the change would leave the project without an owner."""

    code = "last_owner"
    detail = "The last owner cannot leave, be removed or be demoted. Make another member an owner."
