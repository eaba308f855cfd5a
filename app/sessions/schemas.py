"""Schemas of sessions."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.core.schemas import Output


class SessionPublic(Output):
    """Session, as shown to its user."""

    id: UUID
    user_agent: str | None = Field(description="`User-Agent` of the device.")
    created_at: datetime
    last_used_at: datetime = Field(description="Time of the log-in or the last refresh.")
    expires_at: datetime = Field(description="Time at which it ends if it is not used.")
    current: bool = Field(description="True for the session of this request.")
