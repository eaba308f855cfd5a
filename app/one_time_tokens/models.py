"""Table of one-time tokens."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.core.ids import new_id
from app.core.tables import Base, enum_check, enum_type
from app.core.tokens import DIGEST_LENGTH


class TokenPurpose(StrEnum):
    """Purpose of a one-time token."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 -- a purpose, not a password


class OneTimeToken(Base, table=True):
    """Mailed token. A user has one for each purpose; a new one replaces the previous one."""

    __tablename__ = "one_time_tokens"
    __table_args__ = (UniqueConstraint("user_id", "purpose"), enum_check("purpose", TokenPurpose))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    purpose: TokenPurpose = Field(sa_type=enum_type(TokenPurpose))
    token_digest: str = Field(max_length=DIGEST_LENGTH, unique=True)
    expires_at: datetime = Field(index=True)
