"""Queries on one-time tokens."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, delete, select

from app.core.repositories import Repository
from app.one_time_tokens.models import OneTimeToken, TokenPurpose


class OneTimeTokenRepository(Repository):
    """Queries on one-time tokens. The caller locks the user."""

    async def replace(self, token: OneTimeToken) -> None:
        """Store a token, and delete the user's previous token of the same purpose."""
        await self.discard(token.user_id, purpose=token.purpose)
        self._session.add(token)

    async def get_owner(self, digest: str, purpose: TokenPurpose, *, now: datetime) -> UUID | None:
        """Return the id of the user that a live token of this purpose belongs to, or None."""
        statement = select(OneTimeToken.user_id).where(
            OneTimeToken.token_digest == digest,
            OneTimeToken.purpose == purpose,
            OneTimeToken.expires_at > now,
        )
        return (await self._session.exec(statement)).one_or_none()

    async def consume(self, digest: str) -> bool:
        """Delete the token. Return False if another request has used it."""
        statement = delete(OneTimeToken).where(col(OneTimeToken.token_digest) == digest)
        return (await self._session.exec(statement)).rowcount == 1

    async def discard(self, user_id: UUID, *, purpose: TokenPurpose | None = None) -> None:
        """Delete the user's token of this purpose, or all of them."""
        statement = delete(OneTimeToken).where(col(OneTimeToken.user_id) == user_id)
        if purpose is not None:
            statement = statement.where(col(OneTimeToken.purpose) == purpose)
        await self._session.exec(statement)

    async def purge(self, *, now: datetime) -> int:
        """Delete the tokens that have expired. Return their number."""
        statement = delete(OneTimeToken).where(col(OneTimeToken.expires_at) <= now)
        return (await self._session.exec(statement)).rowcount
