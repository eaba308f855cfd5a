"""Service for verification."""

from dataclasses import dataclass

from app.audit.service import Actor, AuditTrail
from app.core import clock
from app.core.config import Settings
from app.one_time_tokens.models import TokenPurpose
from app.one_time_tokens.service import OneTimeTokenService
from app.outbox.service import OutboxService
from app.users.models import User
from app.users.repository import UserRepository
from app.verification.mails import verification_mail


@dataclass(frozen=True, kw_only=True)
class VerificationService:
    """Service that mails tokens, and verifies addresses by them."""

    users: UserRepository
    one_time_tokens: OneTimeTokenService
    outbox: OutboxService
    audit: AuditTrail
    settings: Settings

    async def resend(self, actor: Actor) -> None:
        """Mail the actor a new token, unless the address is verified."""
        user = await self.users.lock(actor.user_id)
        if user is not None and user.email_verified_at is None:
            await self.send(user)

    async def send(self, user: User) -> None:
        """Mail a token to a user who is new, or locked."""
        token = await self.one_time_tokens.issue(user, TokenPurpose.VERIFY_EMAIL)
        self.outbox.add(verification_mail(user.email, token, self.settings))

    async def confirm(self, token: str) -> None:
        """Mark the address of the token as verified. Raises InvalidToken."""
        user = await self.one_time_tokens.redeem(token, TokenPurpose.VERIFY_EMAIL)
        user.email_verified_at = user.email_verified_at or clock.now()
        await self.audit.record("user.email_verified", actor=Actor(user.id), resource_id=user.id)
