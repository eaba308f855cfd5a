"""Queries on users."""

from uuid import UUID

from sqlmodel import col, select

from app.core.pagination import Position
from app.core.repositories import Repository, select_shown
from app.users.errors import EmailTaken
from app.users.models import Role, User
from app.users.schemas import UserPublic

_PUBLIC = select_shown(User, UserPublic)


class UserRepository(Repository):
    """Users by id and by address."""

    async def add(self, user: User) -> None:
        """Store a new user. Raises EmailTaken."""
        self._session.add(user)
        await self._flush({"uq_users_email": EmailTaken})

    async def get(self, user_id: UUID) -> User | None:
        """The user with this id, if there is one."""
        return await self._session.get(User, user_id)

    async def get_by_email(self, email: str) -> User | None:
        """The user with this normalised address, if there is one."""
        return (await self._session.exec(select(User).where(User.email == email))).one_or_none()

    async def get_page(
        self, *, after: Position | None, limit: int
    ) -> tuple[list[UserPublic], Position | None]:
        """A page of all users, newest first."""
        return await self._newest_first(_PUBLIC, User, UserPublic, after=after, limit=limit)

    async def lock(self, user_id: UUID, *, for_deletion: bool = False) -> User | None:
        """The user as stored now; whoever else locks it waits until this transaction ends.

        For its deletion, those wait too who refer to it, and find it gone.
        """
        statement = (
            select(User)
            .where(User.id == user_id)
            .with_for_update(key_share=not for_deletion)
            .execution_options(populate_existing=True)
        )
        return (await self._session.exec(statement)).one_or_none()

    async def hold(self, user_id: UUID) -> None:
        """Keep the user from being deleted, before anything is locked that a deletion locks."""
        statement = select(User.id).where(User.id == user_id)
        await self._session.exec(statement.with_for_update(read=True, key_share=True))

    async def lock_active_admins(self) -> list[UUID]:
        """The ids of all active admins, whom nobody else changes until this transaction ends."""
        statement = (
            select(User.id)
            .where(User.role == Role.ADMIN, col(User.is_active))
            .order_by(col(User.id))  # always in one order, or two transactions could deadlock
            .with_for_update(key_share=True)
        )
        return list((await self._session.exec(statement)).all())

    async def delete(self, user: User) -> None:
        """Delete the user; the database takes along what belongs to it."""
        await self._session.delete(user)
