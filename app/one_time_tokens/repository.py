"""Queries on one-time tokens."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, delete, select

from app.core.repositories import Repository
from app.one_time_tokens.models import OneTimeToken, TokenPurpose


class OneTimeTokenRepository(Repository):
    """One-time tokens. Callers lock the user first, so that one of a purpose is enough."""

    async def replace(self, token: OneTimeToken) -> None:
        """Store a token in the place of the user's earlier one of its purpose."""
        await self.discard(token.user_id, token.purpose)
        self._session.add(token)

    async def get_owner(self, digest: str, purpose: TokenPurpose, *, now: datetime) -> UUID | None:
        """Whose live token of this purpose it is."""
        statement = select(OneTimeToken.user_id).where(
            OneTimeToken.token_digest == digest,
            OneTimeToken.purpose == purpose,
            OneTimeToken.expires_at > now,
        )
        return (await self._session.exec(statement)).one_or_none()

    async def consume(self, digest: str) -> bool:
        """Use up the token; False when someone else has."""
        statement = delete(OneTimeToken).where(col(OneTimeToken.token_digest) == digest)
        return (await self._session.exec(statement)).rowcount == 1

    async def discard(self, user_id: UUID, purpose: TokenPurpose | None = None) -> None:
        """Void the user's token of this purpose, or all of them."""
        statement = delete(OneTimeToken).where(col(OneTimeToken.user_id) == user_id)
        if purpose is not None:
            statement = statement.where(col(OneTimeToken.purpose) == purpose)
        await self._session.exec(statement)

    async def purge(self, *, now: datetime) -> int:
        """Delete the tokens that have expired; how many there were."""
        statement = delete(OneTimeToken).where(col(OneTimeToken.expires_at) <= now)
        return (await self._session.exec(statement)).rowcount
