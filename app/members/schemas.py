"""Schemas of members."""

from datetime import datetime
from uuid import UUID

from pydantic import MISSING

from app.core.schemas import Input, Output
from app.projects.models import MemberRole
from app.users.schemas import Email


class MemberCreate(Input):
    """New member of a project: a user with a verified e-mail address."""

    email: Email
    role: MemberRole


class MemberUpdate(Input):
    """Change of a member. An absent field is unchanged."""

    role: MemberRole | MISSING = MISSING


class MemberPublic(Output):
    """Member, as shown to the members of the project."""

    user_id: UUID
    email: str
    full_name: str | None
    role: MemberRole
    created_at: datetime
