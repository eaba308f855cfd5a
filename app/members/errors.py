"""Errors about members."""

from app.core.errors import Conflict, NotFound


class MemberNotFound(NotFound):
    """The user is no member of the project."""

    detail = "There is no such member."


class InviteeNotFound(NotFound):
    """Nobody can be invited by this address: the answer does not tell why."""

    code = "user_not_found"
    detail = "No active user has verified this e-mail address."


class AlreadyMember(Conflict):
    """The user works in the project."""

    code = "already_member"
    detail = "This user is a member already."


class LastOwner(Conflict):
    """A project always has an owner."""

    code = "last_owner"
    detail = "The last owner can neither leave, be removed nor be demoted."
