"""Passwords: set, changed and reset."""

from app.audit.service import ActivityService
from app.authentication.repository import SessionRepository
from app.authentication.service import Principal
from app.core import clock
from app.core.passwords import HashSlot
from app.one_time_tokens.models import TokenPurpose
from app.one_time_tokens.service import OneTimeTokenService
from app.outbox.service import OutboxService, ResetRequest
from app.runtime.mails import MailService
from app.users.errors import WrongPassword
from app.users.repository import UserRepository
from app.users.service import hash_new


class PasswordService:
    """Changes passwords; each change ends sessions and is told to the user."""

    def __init__(
        self,
        *,
        users: UserRepository,
        sessions: SessionRepository,
        one_time_tokens: OneTimeTokenService,
        mails: MailService,
        outbox: OutboxService,
        activity: ActivityService,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._one_time_tokens = one_time_tokens
        self._mails = mails
        self._outbox = outbox
        self._activity = activity

    async def change(self, principal: Principal, *, current: str, new: str, slot: HashSlot) -> None:
        """Set a new password and end all other sessions. Raises WrongPassword, WeakPassword."""
        user = await self._users.lock(principal.user.id)
        if user is None or not await slot.verify(current, user.password_hash):
            raise WrongPassword
        user.password_hash = await hash_new(new, user.email, user.full_name, slot=slot)
        await self._sessions.end_all(user.id, but=principal.session_id)
        await self._one_time_tokens.discard(user, TokenPurpose.RESET_PASSWORD)
        await self._activity.record("user.password_changed", by=user.id, on=user.id)
        self._mails.send_password_changed(user)

    def request_reset(self, email: str) -> None:
        """Have `send_reset` called after the answer, so that it tells nothing about the address."""
        self._outbox.add(ResetRequest(email))

    async def send_reset(self, email: str) -> None:
        """Mail a token to the user with this address, if there is an active one."""
        found = await self._users.get_by_email(email)
        user = await self._users.lock(found.id) if found else None
        if user is None or not user.is_active:
            return
        token = await self._one_time_tokens.issue(user, TokenPurpose.RESET_PASSWORD)
        self._mails.send_password_reset(user, token)

    async def reset(self, token: str, *, new: str, slot: HashSlot) -> None:
        """Set a new password, end all sessions and take the address, which the token came to, for
        verified. Raises InvalidToken, WeakPassword.
        """
        user = await self._one_time_tokens.redeem(token, TokenPurpose.RESET_PASSWORD)
        user.password_hash = await hash_new(new, user.email, user.full_name, slot=slot)
        user.email_verified_at = user.email_verified_at or clock.now()
        await self._sessions.end_all(user.id)
        await self._activity.record("user.password_reset", by=user.id, on=user.id)
        self._mails.send_password_changed(user)
