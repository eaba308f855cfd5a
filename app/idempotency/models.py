"""Table of idempotency keys."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from app.core.tables import Base
from app.core.tokens import DIGEST_LENGTH

KEY_MAX_LENGTH = 255
LOCATION_MAX_LENGTH = 255


class IdempotencyKey(Base, table=True):
    """Key that a client chose for a request, with the response.

    The request's transaction writes both, so that no other one sees a row without a response.
    """

    __tablename__ = "idempotency_keys"

    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", primary_key=True)
    key: str = Field(max_length=KEY_MAX_LENGTH, primary_key=True)
    request_digest: str = Field(max_length=DIGEST_LENGTH)
    expires_at: datetime = Field(index=True)
    status: int | None = None
    location: str | None = Field(default=None, max_length=LOCATION_MAX_LENGTH)
    body: bytes | None = None
