"""Accounts: registered, changed and ended, by their users and by admins."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from app.accounts.schemas import ProfileUpdate, UserCreate, UserUpdate
from app.audit.service import ActivityService
from app.authentication.repository import SessionRepository
from app.core import clock
from app.core.pagination import POSITION, Cursors, PageQuery, Slice
from app.core.passwords import HashSlot
from app.one_time_tokens.service import OneTimeTokenService
from app.users.errors import LastAdmin, UserNotFound, WrongPassword
from app.users.models import Role, User
from app.users.repository import UserRepository
from app.users.schemas import UserPublic
from app.users.service import hash_new
from app.verification.service import VerificationService

LIST = "users"


class Departure(Protocol):
    """A feature's part in the deletion of a user."""

    async def leave(self, user_id: UUID, *, by: UUID) -> None:
        """Give up what cannot be without the user, who is locked. Raises SoleOwner."""


class UserService:
    """The life of an account."""

    def __init__(
        self,
        *,
        users: UserRepository,
        sessions: SessionRepository,
        one_time_tokens: OneTimeTokenService,
        verification: VerificationService,
        departures: Sequence[Departure],
        activity: ActivityService,
        cursors: Cursors,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._one_time_tokens = one_time_tokens
        self._verification = verification
        self._departures = departures
        self._activity = activity
        self._cursors = cursors

    async def register(self, data: UserCreate, *, slot: HashSlot) -> User:
        """A new user, who is mailed a token. Raises EmailTaken, WeakPassword."""
        password_hash = await hash_new(
            data.password, data.email, data.full_name, slot=slot, pointer="/password"
        )
        user = User(email=data.email, password_hash=password_hash, full_name=data.full_name)
        await self._users.add(user)
        await self._activity.record("user.registered", by=user.id, on=user.id)
        await self._verification.send(user)
        return user

    async def create_admin(self, email: str, *, password: str, slot: HashSlot) -> User:
        """A new admin, whose address counts as verified. Raises EmailTaken, WeakPassword."""
        user = User(
            email=email,
            password_hash=await hash_new(password, email, None, slot=slot, pointer="/password"),
            role=Role.ADMIN,
            email_verified_at=clock.now(),
        )
        await self._users.add(user)
        await self._activity.record(
            "user.registered", by=None, on=user.id, details={"role": user.role}
        )
        return user

    async def raise_to_admin(self, email: str) -> User | None:
        """Make an existing user an active admin; None if there is none with this address."""
        user = await self._users.get_by_email(email)
        if user is not None:
            await self._apply(user, {"role": Role.ADMIN, "is_active": True}, by=None)
        return user

    async def get(self, user_id: UUID) -> User:
        """The user with this id. Raises UserNotFound."""
        user = await self._users.get(user_id)
        if user is None:
            raise UserNotFound
        return user

    async def get_page(self, query: PageQuery) -> Slice[UserPublic]:
        """A page of all users, newest first. Raises InvalidInput for a broken cursor."""
        after = self._cursors.open(LIST, query.cursor, POSITION)
        users, end = await self._users.get_page(after=after, limit=query.limit)
        return Slice(users, self._cursors.seal(LIST, end))

    async def update_profile(self, user_id: UUID, data: ProfileUpdate) -> User:
        """Change what users change about themselves. Raises UserNotFound."""
        user = await self._lock(user_id)
        await self._apply(user, data.model_dump(exclude_unset=True), by=user_id)
        return user

    async def update(self, user_id: UUID, data: UserUpdate, *, by: UUID) -> User:
        """Change a user as an admin. Raises UserNotFound, LastAdmin."""
        changes = data.model_dump(exclude_unset=True)
        if changes.get("role") is Role.USER or changes.get("is_active") is False:
            await self._keep_an_admin(user_id)
        user = await self._lock(user_id)
        await self._apply(user, changes, by=by)
        if not user.is_active:
            await self._sessions.end_all(user.id)
            await self._one_time_tokens.discard(user)
        return user

    async def delete(self, user_id: UUID, *, by: UUID) -> None:
        """Delete a user as an admin. Raises UserNotFound, LastAdmin, SoleOwner."""
        await self._keep_an_admin(user_id)
        user = await self._lock(user_id, for_deletion=True)
        for departure in self._departures:
            await departure.leave(user_id, by=by)
        await self._users.delete(user)
        await self._activity.record("user.deleted", by=by, on=user_id)

    async def delete_own(self, user: User, *, password: str, slot: HashSlot) -> None:
        """Delete the account of a user who asks for it. Raises WrongPassword, LastAdmin,
        SoleOwner.
        """
        if not await slot.verify(password, user.password_hash):
            raise WrongPassword
        await self.delete(user.id, by=user.id)

    async def _apply(self, user: User, changes: Mapping[str, object], *, by: UUID | None) -> None:
        changed = [name for name in changes if getattr(user, name) != changes[name]]
        if not changed:
            return
        user.sqlmodel_update(dict(changes))
        told = {name: str(changes[name]) for name in changed if name in ("role", "is_active")}
        told["fields"] = ", ".join(changed)
        await self._activity.record("user.updated", by=by, on=user.id, details=told)

    async def _lock(self, user_id: UUID, *, for_deletion: bool = False) -> User:
        user = await self._users.lock(user_id, for_deletion=for_deletion)
        if user is None:
            raise UserNotFound
        return user

    async def _keep_an_admin(self, user_id: UUID) -> None:
        """Raises LastAdmin if the user is the only one; two who demote each other come in turn."""
        if await self._users.lock_active_admins() == [user_id]:
            raise LastAdmin
