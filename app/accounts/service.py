"""Service for accounts."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from app.accounts.schemas import ProfileUpdate, UserCreate, UserUpdate
from app.audit.service import Actor, AuditTrail
from app.core import clock
from app.core.pagination import POSITION, Cursors, Page, PageQuery
from app.core.passwords import HashSlot
from app.one_time_tokens.service import OneTimeTokenService
from app.sessions.repository import SessionRepository
from app.users.errors import LastAdmin, UserNotFound, WrongPassword
from app.users.models import Role, User
from app.users.repository import UserRepository
from app.users.schemas import UserPublic
from app.users.service import hash_new_password
from app.verification.service import VerificationService

POINTER = "/password"


@dataclass(frozen=True, kw_only=True)
class AccountService:
    """Service that registers, reads, changes and deletes accounts."""

    users: UserRepository
    sessions: SessionRepository
    one_time_tokens: OneTimeTokenService
    verification: VerificationService
    before_deletion: Callable[[UUID, Actor], Awaitable[None]]
    audit: AuditTrail
    cursors: Cursors

    async def register(self, data: UserCreate, *, slot: HashSlot) -> UserPublic:
        """Create a user, and mail a token that verifies the address.

        Raises EmailTaken, WeakPassword.
        """
        password_hash = await hash_new_password(
            data.password, email=data.email, full_name=data.full_name, slot=slot, pointer=POINTER
        )
        user = User(email=data.email, password_hash=password_hash, full_name=data.full_name)
        await self.users.add(user)
        await self.audit.record("user.registered", actor=Actor(user.id), resource_id=user.id)
        await self.verification.send(user)
        return UserPublic.model_validate(user)

    async def create_admin(self, email: str, *, password: str, slot: HashSlot) -> None:
        """Create an admin with a verified address. Raises EmailTaken, WeakPassword."""
        password_hash = await hash_new_password(
            password, email=email, full_name=None, slot=slot, pointer=POINTER
        )
        user = User(
            email=email,
            password_hash=password_hash,
            role=Role.ADMIN,
            email_verified_at=clock.now(),
        )
        await self.users.add(user)
        await self.audit.record(
            "user.registered", actor=None, resource_id=user.id, details={"role": user.role}
        )

    async def promote_to_admin(self, email: str) -> bool:
        """Change a user into an active admin. Return False if no user has the address."""
        user = await self.users.get_by_email(email)
        if user is None:
            return False
        await self._apply(user, {"role": Role.ADMIN, "is_active": True}, actor=None)
        return True

    async def get(self, *, user_id: UUID) -> UserPublic:
        """Return the user. Raises UserNotFound."""
        user = await self.users.get(user_id)
        if user is None:
            raise UserNotFound
        return user

    async def get_page(self, query: PageQuery) -> Page[UserPublic]:
        """Return a page of all users, newest first. Raises InvalidInput."""
        return await self.users.get_page(self.cursors.page_request("users", query, POSITION))

    async def update_profile(self, actor: Actor, data: ProfileUpdate) -> UserPublic:
        """Change the actor's profile. Raises UserNotFound."""
        user = await self._lock(actor.user_id)
        await self._apply(user, data.model_dump(exclude_unset=True), actor=actor)
        return UserPublic.model_validate(user)

    async def update(self, actor: Actor, data: UserUpdate, *, user_id: UUID) -> UserPublic:
        """Change a user as an admin. Raises UserNotFound, LastAdmin."""
        changes = data.model_dump(exclude_unset=True)
        if changes.get("role") is Role.USER or changes.get("is_active") is False:
            await self._keep_an_admin(user_id)
        user = await self._lock(user_id)
        await self._apply(user, changes, actor=actor)
        if not user.is_active:
            await self.sessions.end_all(user.id)
            await self.one_time_tokens.discard(user)
        return UserPublic.model_validate(user)

    async def delete(self, actor: Actor, *, user_id: UUID) -> None:
        """Delete a user as an admin. Raises UserNotFound, LastAdmin, SoleOwner."""
        await self._keep_an_admin(user_id)
        user = await self._lock(user_id, for_deletion=True)
        await self.before_deletion(user_id, actor)
        await self.users.delete(user)
        await self.audit.record("user.deleted", actor=actor, resource_id=user_id)

    async def delete_own(self, user: User, *, password: str, slot: HashSlot) -> None:
        """Delete the user's own account, after a check of the password.

        Raises WrongPassword, LastAdmin, SoleOwner.
        """
        if not await slot.verify(password, user.password_hash):
            raise WrongPassword
        await self.delete(Actor(user.id), user_id=user.id)

    async def _apply(
        self, user: User, changes: Mapping[str, object], *, actor: Actor | None
    ) -> None:
        changed = [name for name in changes if getattr(user, name) != changes[name]]
        if not changed:
            return
        user.sqlmodel_update(dict(changes))
        details = {name: str(changes[name]) for name in changed if name in ("role", "is_active")}
        details["fields"] = ", ".join(changed)
        await self.audit.record("user.updated", actor=actor, resource_id=user.id, details=details)

    async def _lock(self, user_id: UUID, *, for_deletion: bool = False) -> User:
        user = await self.users.lock(user_id, for_deletion=for_deletion)
        if user is None:
            raise UserNotFound
        return user

    async def _keep_an_admin(self, user_id: UUID) -> None:
        """Raise LastAdmin if the user is the only active admin.

        All active admins are locked, so that two who demote each other cannot both succeed.
        """
        if await self.users.lock_active_admins() == [user_id]:
            raise LastAdmin
