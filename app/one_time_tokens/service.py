"""Mailed tokens: one of a purpose, for one use."""

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


class OneTimeTokenService:
    """Issues and takes back one-time tokens. Both lock the user, so that they cannot cross."""

    def __init__(self, *, users: UserRepository, tokens: OneTimeTokenRepository) -> None:
        self._users = users
        self._tokens = tokens

    async def issue(self, user: User, purpose: TokenPurpose) -> str:
        """A new token for a locked user; it voids the one before."""
        token = new_opaque_token()
        await self._tokens.replace(
            OneTimeToken(
                user_id=user.id,
                purpose=purpose,
                token_digest=digest(token),
                expires_at=clock.now() + LIFETIMES[purpose],
            )
        )
        return token

    async def redeem(self, token: str, purpose: TokenPurpose) -> User:
        """Use up the token; the user whose it was, locked. Raises InvalidToken."""
        token_digest = digest(token)
        user_id = await self._tokens.get_owner(token_digest, purpose, now=clock.now())
        user = await self._users.lock(user_id) if user_id else None
        if user is None or not await self._tokens.consume(token_digest):
            raise InvalidToken
        return user

    async def discard(self, user: User, purpose: TokenPurpose | None = None) -> None:
        """Void the user's token of this purpose, or all of them."""
        await self._tokens.discard(user.id, purpose)
