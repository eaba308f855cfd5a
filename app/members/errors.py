"""Errors about members."""

from app.core.errors import Conflict, NotFound


class MemberNotFound(NotFound):
    """Error 404: the user is not a member of the project."""

    detail = "The user is not a member of the project."


class InviteeNotFound(NotFound):
    """Error 404: no user can be invited by this address, for a reason that is not revealed."""

    code = "user_not_found"
    detail = "No active user has verified this e-mail address."


class AlreadyMember(Conflict):
    """Error 409: the user is a member of the project already."""

    code = "already_member"
    detail = "The user is a member of the project already."


class LastOwner(Conflict):
    """Error 409: the change would leave the project without an owner."""

    code = "last_owner"
    detail = "The user is the only owner of the project. Make another member an owner first."
