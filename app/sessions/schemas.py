"""Sessions as their user sees them."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.core.schemas import Output


class SessionPublic(Output):
    """A log-in, as its user sees it."""

    id: UUID
    user_agent: str | None = Field(description="What the device said of itself.")
    created_at: datetime
    last_used_at: datetime = Field(description="The last log-in or refresh.")
    expires_at: datetime = Field(description="When it ends if it is not used.")
    current: bool = Field(description="Whether this request belongs to it.")
