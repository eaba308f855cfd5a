"""Queries on who works in which project."""

from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import col, delete, exists, select

from app.core.repositories import Repository, cut, select_shown
from app.members.errors import AlreadyMember
from app.members.schemas import MemberPublic
from app.projects.models import MemberRole, Membership, Project
from app.projects.repository import visible
from app.users.models import User


class MemberRepository(Repository):
    """Memberships. Who changes them has locked the project."""

    async def add(self, membership: Membership) -> None:
        """Store a new member. Raises AlreadyMember."""
        self._session.add(membership)
        await self._flush({"pk_memberships": AlreadyMember})

    async def get(self, project_id: UUID, user_id: UUID) -> tuple[Membership, User] | None:
        """The membership, and whose it is."""
        statement = (
            select(Membership, User)
            .join(User, col(User.id) == col(Membership.user_id))
            .where(col(Membership.project_id) == project_id, col(User.id) == user_id)
        )
        return (await self._session.exec(statement)).one_or_none()

    async def get_page(
        self, project_id: UUID, *, user_id: UUID, after: UUID | None, limit: int
    ) -> tuple[list[MemberPublic], UUID | None]:
        """A page of the members of a project that the user sees, by id."""
        shown = select_shown(Membership, MemberPublic, col(User.email), col(User.full_name))
        statement = (
            visible(shown, col(Membership.project_id), user_id=user_id)
            .join(User, col(User.id) == col(Membership.user_id))
            .where(col(Membership.project_id) == project_id)
            .order_by(col(Membership.user_id))
            .limit(limit + 1)
        )
        if after is not None:
            statement = statement.where(col(Membership.user_id) > after)
        rows = (await self._session.exec(statement)).all()
        items, last = cut([MemberPublic.model_validate(row) for row in rows], limit)
        return items, last.user_id if last else None

    async def has_other_owner(self, project_id: UUID, user_id: UUID) -> bool:
        """Whether someone beside the user owns the project."""
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
        """The ids of the projects that the user is a member of, each locked."""
        statement = (
            select(Project.id)
            .join(Membership, col(Membership.project_id) == col(Project.id))
            .where(col(Membership.user_id) == user_id)
            .order_by(col(Project.id))  # always in one order, or two transactions could deadlock
            .with_for_update(of=[Project, Membership])
        )
        return list((await self._session.exec(statement)).all())

    async def get_solely_owned(self, user_id: UUID) -> dict[UUID, bool]:
        """The projects that nobody else owns, and whether others work there."""
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
        """Delete projects whose only member leaves."""
        await self._session.exec(delete(Project).where(col(Project.id).in_(project_ids)))
