"""Members of projects on the wire, and what is refused about them."""

from datetime import datetime
from uuid import UUID

from pydantic import MISSING

from app.core.schemas import Input, Output
from app.projects.models import MemberRole
from app.users.schemas import Email


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
