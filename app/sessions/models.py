"""Tables of sessions and refresh tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, Relationship

from app.core.ids import new_id
from app.core.tables import Base
from app.core.tokens import DIGEST_LENGTH

USER_AGENT_MAX_LENGTH = 255


class LoginSession(Base, table=True):
    """Session of a user on one device. Deleting the row ends it, and deletes its tokens."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="expires_after_creation"),
        Index(None, "user_id", "created_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    user_agent: str | None = Field(default=None, max_length=USER_AGENT_MAX_LENGTH)
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime = Field(index=True)


class RefreshToken(Base, table=True):
    """Refresh token of a session. All except the newest have been used."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index(None, "session_id", "used_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="sessions.id", ondelete="CASCADE")
    token_digest: str = Field(max_length=DIGEST_LENGTH, unique=True)
    used_at: datetime | None = None

    session: LoginSession = Relationship(sa_relationship_kwargs={"lazy": "raise"})
