"""Queries on users."""

from uuid import UUID

from sqlmodel import col, select

from app.core.pagination import Page, PageRequest, Position
from app.core.repositories import Repository, select_columns
from app.users.errors import EmailTaken
from app.users.models import Role, User
from app.users.schemas import UserPublic

_SELECT = select_columns(User, UserPublic)


class UserRepository(Repository):
    """Queries on users by id and by address."""

    async def add(self, user: User) -> None:
        """Store a new user. Raises EmailTaken."""
        self._session.add(user)
        await self._flush({"uq_users_email": EmailTaken})

    async def get(self, user_id: UUID) -> UserPublic | None:
        """Return the user, or None."""
        return await self._get_one(_SELECT.where(col(User.id) == user_id), UserPublic)

    async def get_by_email(self, email: str) -> User | None:
        """Return the user with this normalised address, or None."""
        return (await self._session.exec(select(User).where(User.email == email))).one_or_none()

    async def get_page(self, page_request: PageRequest[Position]) -> Page[UserPublic]:
        """Return a page of all users, newest first."""
        return await self._get_page_newest_first(_SELECT, UserPublic, page_request, User)

    async def lock(self, user_id: UUID, *, for_deletion: bool = False) -> User | None:
        """Return the user as stored now, locked until the transaction ends, or None.

        A lock for deletion also blocks transactions that add rows that refer to the user.
        """
        statement = (
            select(User)
            .where(User.id == user_id)
            .with_for_update(key_share=not for_deletion)
            .execution_options(populate_existing=True)
        )
        return (await self._session.exec(statement)).one_or_none()

    async def lock_against_deletion(self, user_id: UUID) -> None:
        """Lock the user against deletion until the transaction ends.

        Call it before locking any row that the deletion of a user locks.
        """
        statement = select(User.id).where(User.id == user_id)
        await self._session.exec(statement.with_for_update(read=True, key_share=True))

    async def lock_active_admins(self) -> list[UUID]:
        """Return the ids of all active admins, locked until the transaction ends."""
        statement = (
            select(User.id)
            .where(User.role == Role.ADMIN, col(User.is_active))
            .order_by(col(User.id))  # always in the same order, so that no deadlock occurs
            .with_for_update(key_share=True)
        )
        return list((await self._session.exec(statement)).all())

    async def delete(self, user: User) -> None:
        """Delete the user, and by foreign keys the rows that belong to the user."""
        await self._session.delete(user)
