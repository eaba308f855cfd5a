"""Schemas of the audit trail."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.core.schemas import Output


class ActivityPublic(Output):
    """Entry of the audit trail. It remains when its resource is deleted."""

    id: UUID
    created_at: datetime
    actor_id: UUID | None = Field(
        description="Id of the user who did it; null for an operator or an unknown client."
    )
    action: str = Field(description="Action that was done.", examples=["session.started"])
    resource_id: UUID = Field(description="Id of the resource.")
    scope_id: UUID = Field(description="Id of the user or parent that the resource belongs to.")
    request_id: str | None = Field(description="`X-Request-ID` of the request.")
    details: dict[str, str] = Field(description="Details, without free text or secrets.")
