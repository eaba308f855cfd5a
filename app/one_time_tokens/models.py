"""Tokens that are mailed and work once."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.core.ids import new_id
from app.core.tables import Base, enum_check, enum_type
from app.core.tokens import DIGEST_LENGTH


class TokenPurpose(StrEnum):
    """What a one-time token is good for."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 -- a purpose, no password


class OneTimeToken(Base, table=True):
    """A mailed token. A user has one of a purpose: the newer takes the place of the older."""

    __tablename__ = "one_time_tokens"
    __table_args__ = (UniqueConstraint("user_id", "purpose"), enum_check("purpose", TokenPurpose))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    purpose: TokenPurpose = Field(sa_type=enum_type(TokenPurpose))
    token_digest: str = Field(max_length=DIGEST_LENGTH, unique=True)
    expires_at: datetime = Field(index=True)
