"""The audit trail on the wire."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.core.schemas import Output


class ActivityPublic(Output):
    """Something that was done. It stays, also when what it tells of is deleted."""

    id: UUID
    created_at: datetime
    actor_id: UUID | None = Field(
        description="The user who did it; null for an operator or someone unknown."
    )
    action: str = Field(description="What was done.", examples=["session.started"])
    resource_id: UUID = Field(description="What it was done to.")
    scope_id: UUID = Field(description="The user that it concerns, or what the resource lies in.")
    request_id: str | None = Field(description="The `X-Request-ID` under which it was done.")
    details: dict[str, str] = Field(description="What is told of it: no free text, no secrets.")
