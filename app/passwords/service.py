"""Service for passwords."""

from dataclasses import dataclass

from app.audit.service import Actor, AuditTrail
from app.authentication.service import Principal
from app.core import clock
from app.core.config import Settings
from app.core.passwords import HashSlot
from app.one_time_tokens.models import TokenPurpose
from app.one_time_tokens.service import OneTimeTokenService
from app.outbox.service import OutboxService
from app.passwords.mails import changed_mail, reset_mail
from app.sessions.repository import SessionRepository
from app.users.errors import WrongPassword
from app.users.models import User
from app.users.repository import UserRepository
from app.users.service import hash_new_password

POINTER = "/new_password"


@dataclass(frozen=True)
class ResetRequest:
    """Request to reset a password, even if no user has the address."""

    email: str


@dataclass(frozen=True, kw_only=True)
class PasswordService:
    """Service that changes and resets passwords. Each change ends sessions and is mailed."""

    users: UserRepository
    sessions: SessionRepository
    one_time_tokens: OneTimeTokenService
    outbox: OutboxService
    audit: AuditTrail
    settings: Settings

    async def change(self, principal: Principal, *, current: str, new: str, slot: HashSlot) -> None:
        """Set a new password and end all other sessions. Raises WrongPassword, WeakPassword."""
        user = await self.users.lock(principal.user.id)
        if user is None or not await slot.verify(current, user.password_hash):
            raise WrongPassword
        await self._set(user, new, slot=slot)
        await self.sessions.end_all(user.id, except_session_id=principal.session_id)
        await self.one_time_tokens.discard(user, TokenPurpose.RESET_PASSWORD)
        await self.audit.record("user.password_changed", actor=principal.actor, resource_id=user.id)
        self.outbox.add(changed_mail(user.email, self.settings))

    def request_reset(self, email: str) -> None:
        """Add a message so that a worker calls `send_reset`, even if no user has the address."""
        self.outbox.add(ResetRequest(email))

    async def send_reset(self, email: str) -> None:
        """Mail a token, if the address belongs to an active user."""
        found = await self.users.get_by_email(email)
        user = await self.users.lock(found.id) if found else None
        if user is None or not user.is_active:
            return
        token = await self.one_time_tokens.issue(user, TokenPurpose.RESET_PASSWORD)
        self.outbox.add(reset_mail(user.email, token, self.settings))

    async def reset(self, token: str, *, new: str, slot: HashSlot) -> None:
        """Set a new password and end all sessions. The token also verifies the address.

        Raises InvalidToken, WeakPassword.
        """
        user = await self.one_time_tokens.redeem(token, TokenPurpose.RESET_PASSWORD)
        await self._set(user, new, slot=slot)
        user.email_verified_at = user.email_verified_at or clock.now()
        await self.sessions.end_all(user.id)
        await self.audit.record("user.password_reset", actor=Actor(user.id), resource_id=user.id)
        self.outbox.add(changed_mail(user.email, self.settings))

    async def _set(self, user: User, password: str, *, slot: HashSlot) -> None:
        user.password_hash = await hash_new_password(
            password, email=user.email, full_name=user.full_name, slot=slot, pointer=POINTER
        )
