"""Members of projects on the wire, and what is refused about them."""

from datetime import datetime
from uuid import UUID

from pydantic import MISSING

from app.core.errors import Conflict, NotFound
from app.models.projects import MemberRole
from app.schemas.base import Email, Input, Output


class MemberCreate(Input):
    """Who shall work in the project, by a verified address."""

    email: Email
    role: MemberRole


class MemberUpdate(Input):
    """What owners change about a member. An absent field stays."""

    role: MemberRole | MISSING = MISSING


class MemberPublic(Output):
    """A member, as the other members see them."""

    user_id: UUID
    email: str
    full_name: str | None
    role: MemberRole
    created_at: datetime


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
