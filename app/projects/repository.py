"""Queries on projects."""

from uuid import UUID

from sqlalchemy import BindParameter, ColumnExpressionArgument
from sqlalchemy.orm import aliased
from sqlmodel import bindparam, col, delete, select

from app.core.errors import AppError, Unauthenticated
from app.core.pagination import Page, PageRequest, Position
from app.core.repositories import ColumnSelect, Lock, Repository, select_columns
from app.projects.models import MemberRole, Membership, Project
from app.projects.schemas import ProjectPublic

Viewer = aliased(Membership, name="viewer")
"""Membership by which a user has access to a project and its children."""


def visible(
    statement: ColumnSelect,
    project_id: ColumnExpressionArgument[UUID],
    *,
    user_id: UUID | BindParameter[UUID],
) -> ColumnSelect:
    """Restrict a statement to projects that the user is a member of.

    Do not use it for a list of a project's children: for other users, it would read all of them.
    Check the access first.
    """
    in_project = col(Viewer.project_id) == project_id
    return statement.join(Viewer, in_project).where(col(Viewer.user_id) == user_id)


_SELECT = select_columns(Project, ProjectPublic)
# Built once, because every creation in a project executes it.
_ROLE = (
    select(Viewer.role)
    .join(Project, col(Project.id) == col(Viewer.project_id))
    .where(
        col(Viewer.project_id) == bindparam("project_id"),
        col(Viewer.user_id) == bindparam("user_id"),
    )
)


class ProjectRepository(Repository):
    """Queries on projects."""

    async def add(self, owner: Membership) -> None:
        """Store a new project with its owner. Raises Unauthenticated if the owner is deleted."""
        self._session.add(owner)
        await self._flush({"fk_memberships_user_id_users": Unauthenticated})

    async def get(self, project_id: UUID, *, user_id: UUID) -> ProjectPublic | None:
        """Return the project if the user is a member of it, or None."""
        statement = visible(_SELECT, col(Project.id), user_id=user_id)
        return await self._get_one(statement.where(col(Project.id) == project_id), ProjectPublic)

    async def get_role(
        self, project_id: UUID, *, user_id: UUID, lock: Lock | None = None
    ) -> MemberRole | None:
        """Return the user's role in the project, or None if the user is not a member of it."""
        statement = _ROLE
        if lock is not None:
            # Without the lock on the membership, a user removed during the wait would keep access.
            shared = lock is Lock.SHARED
            statement = statement.with_for_update(
                of=[Project, Viewer], read=shared, key_share=not shared
            )
        values = {"user_id": user_id, "project_id": project_id}
        role = (await self._session.exec(statement, params=values)).one_or_none()
        return None if role is None else MemberRole(role)

    async def get_for_change(self, project_id: UUID) -> Project | None:
        """Return the project as an entity, or None. The caller has checked the access to it."""
        return await self._session.get(Project, project_id)

    async def get_page(
        self, page_request: PageRequest[Position], *, user_id: UUID
    ) -> Page[ProjectPublic]:
        """Return a page of the user's projects, newest first."""
        statement = visible(_SELECT, col(Project.id), user_id=user_id)
        return await self._get_page_newest_first(statement, ProjectPublic, page_request, Project)

    async def save(self, *, conflict: type[AppError]) -> None:
        """Write the changes. Raises `conflict` if another request has changed the project."""
        await self._flush(conflict=conflict)

    async def delete(self, project_id: UUID) -> None:
        """Delete the project, and by foreign keys its children."""
        await self._session.exec(delete(Project).where(col(Project.id) == project_id))
