"""Proof that an e-mail address belongs to its user."""

from uuid import UUID

from app.audit.service import ActivityService
from app.core import clock
from app.one_time_tokens.models import TokenPurpose
from app.one_time_tokens.service import OneTimeTokenService
from app.runtime.mails import MailService
from app.users.models import User
from app.users.repository import UserRepository


class VerificationService:
    """Mails a token to the address, and takes it back."""

    def __init__(
        self,
        *,
        users: UserRepository,
        one_time_tokens: OneTimeTokenService,
        mails: MailService,
        activity: ActivityService,
    ) -> None:
        self._users = users
        self._one_time_tokens = one_time_tokens
        self._mails = mails
        self._activity = activity

    async def resend(self, user_id: UUID) -> None:
        """Mail the user a new token; nothing happens when the address is verified already."""
        user = await self._users.lock(user_id)
        if user is not None and user.email_verified_at is None:
            await self.send(user)

    async def send(self, user: User) -> None:
        """Mail a token to a user who is new, or locked."""
        token = await self._one_time_tokens.issue(user, TokenPurpose.VERIFY_EMAIL)
        self._mails.send_verification(user, token)

    async def confirm(self, token: str) -> None:
        """Take the address for verified. Raises InvalidToken."""
        user = await self._one_time_tokens.redeem(token, TokenPurpose.VERIFY_EMAIL)
        user.email_verified_at = user.email_verified_at or clock.now()
        await self._activity.record("user.email_verified", by=user.id, on=user.id)
