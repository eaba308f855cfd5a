"""Queries on members."""

from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import col, delete, exists, select

from app.core.pagination import Page, PageRequest
from app.core.repositories import Repository, select_columns
from app.members.errors import AlreadyMember
from app.members.schemas import MemberPublic
from app.projects.models import MemberRole, Membership, Project
from app.users.models import User


class MemberRepository(Repository):
    """Queries on memberships. Callers lock the project before they change one."""

    async def add(self, membership: Membership) -> None:
        """Store a new member. Raises AlreadyMember."""
        self._session.add(membership)
        await self._flush({"pk_memberships": AlreadyMember})

    async def get(self, *, project_id: UUID, user_id: UUID) -> tuple[Membership, User] | None:
        """Return the membership and its user, or None."""
        statement = (
            select(Membership, User)
            .join(User, col(User.id) == col(Membership.user_id))
            .where(col(Membership.project_id) == project_id, col(User.id) == user_id)
        )
        return (await self._session.exec(statement)).one_or_none()

    async def get_page(
        self, page_request: PageRequest[tuple[UUID]], *, project_id: UUID
    ) -> Page[MemberPublic]:
        """Return a page of the members of a project, by user id."""
        statement = (
            select_columns(Membership, MemberPublic, col(User.email), col(User.full_name))
            .join(User, col(User.id) == col(Membership.user_id))
            .where(col(Membership.project_id) == project_id)
        )
        return await self._get_page(statement, MemberPublic, page_request, col(Membership.user_id))

    async def has_other_owner(self, *, project_id: UUID, user_id: UUID) -> bool:
        """Return True if another user owns the project."""
        others = exists().where(
            col(Membership.project_id) == project_id,
            col(Membership.role) == MemberRole.OWNER,
            col(Membership.user_id) != user_id,
        )
        return bool((await self._session.exec(select(others))).one())

    async def remove(self, membership: Membership) -> None:
        """Delete the membership."""
        await self._session.delete(membership)

    async def lock_projects(self, user_id: UUID) -> list[UUID]:
        """Lock the projects that the user is a member of, and return their ids."""
        statement = (
            select(Project.id)
            .join(Membership, col(Membership.project_id) == col(Project.id))
            .where(col(Membership.user_id) == user_id)
            .order_by(col(Project.id))  # always in the same order, so that no deadlock occurs
            .with_for_update(of=[Project, Membership], key_share=True)
        )
        return list((await self._session.exec(statement)).all())

    async def get_solely_owned(self, user_id: UUID) -> dict[UUID, bool]:
        """Return the ids of the projects that only this user owns.

        The value of each id is True if the project has other members.
        """
        other = aliased(Membership)
        others = exists().where(
            col(other.project_id) == col(Membership.project_id), col(other.user_id) != user_id
        )
        other_owners = others.where(col(other.role) == MemberRole.OWNER)
        statement = select(Membership.project_id, others).where(
            col(Membership.user_id) == user_id,
            col(Membership.role) == MemberRole.OWNER,
            ~other_owners,
        )
        return dict((await self._session.exec(statement)).all())

    async def delete_projects(self, project_ids: list[UUID]) -> None:
        """Delete projects by their ids."""
        await self._session.exec(delete(Project).where(col(Project.id).in_(project_ids)))
