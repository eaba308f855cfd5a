"""Service for one-time tokens."""

from dataclasses import dataclass
from datetime import timedelta

from app.core import clock
from app.core.tokens import digest, new_opaque_token
from app.one_time_tokens.errors import InvalidToken
from app.one_time_tokens.models import OneTimeToken, TokenPurpose
from app.one_time_tokens.repository import OneTimeTokenRepository
from app.users.models import User
from app.users.repository import UserRepository

LIFETIMES = {
    TokenPurpose.VERIFY_EMAIL: timedelta(hours=24),
    TokenPurpose.RESET_PASSWORD: timedelta(minutes=30),
}


@dataclass(frozen=True, kw_only=True)
class OneTimeTokenService:
    """Service that issues and redeems one-time tokens while their user is locked."""

    users: UserRepository
    tokens: OneTimeTokenRepository

    async def issue(self, user: User, purpose: TokenPurpose) -> str:
        """Return a new token for a locked user. It replaces the previous one."""
        token = new_opaque_token()
        await self.tokens.replace(
            OneTimeToken(
                user_id=user.id,
                purpose=purpose,
                token_digest=digest(token),
                expires_at=clock.now() + LIFETIMES[purpose],
            )
        )
        return token

    async def redeem(self, token: str, purpose: TokenPurpose) -> User:
        """Consume the token and return its user, locked for update. Raises InvalidToken."""
        token_digest = digest(token)
        user_id = await self.tokens.get_owner(token_digest, purpose, now=clock.now())
        user = await self.users.lock(user_id) if user_id else None
        if user is None or not await self.tokens.consume(token_digest):
            raise InvalidToken
        return user

    async def discard(self, user: User, purpose: TokenPurpose | None = None) -> None:
        """Delete the user's token of this purpose, or all of them."""
        await self.tokens.discard(user.id, purpose=purpose)
