"""Queries on projects."""

from enum import Enum, auto
from uuid import UUID

from sqlalchemy import BindParameter, ColumnExpressionArgument
from sqlalchemy.orm import aliased
from sqlmodel import bindparam, col, delete
from sqlmodel.sql.expression import Select

from app.core.errors import AppError, Unauthenticated
from app.core.pagination import Position
from app.core.repositories import Columns, Repository, select_shown
from app.projects.models import MemberRole, Membership, Project
from app.projects.schemas import ProjectPublic

Viewer = aliased(Membership, name="viewer")
"""The membership by which a user sees a project and what lies in it."""


def visible(
    statement: Columns,
    project_id: ColumnExpressionArgument[UUID],
    *,
    user_id: UUID | BindParameter[UUID],
) -> Columns:
    """What of it the user may see. Every reading statement for a user, on projects and on what
    lies in them, begins here.
    """
    in_project = col(Viewer.project_id) == project_id
    return statement.join(Viewer, in_project).where(col(Viewer.user_id) == user_id)


# Runs for whatever is made in a project, so it is built once.
_VISIBLE = visible(
    Select(Project, col(Viewer.role)), col(Project.id), user_id=bindparam("user_id")
).where(col(Project.id) == bindparam("project_id"))


class Lock(Enum):
    """How to lock a project. Users are locked before projects, and nothing is locked after them
    but the rows that are changed, so that no two transactions wait for each other.

    Shared by those who refer to members and tags; exclusive for those who take them away.
    """

    SHARED = auto()
    EXCLUSIVE = auto()


class ProjectRepository(Repository):
    """Projects, as far as a user may see them."""

    async def add(self, owner: Membership) -> None:
        """Store the first member of a new project, and with it the project.

        Raises Unauthenticated if the owner has just been deleted.
        """
        self._session.add(owner)
        await self._flush({"fk_memberships_user_id_users": Unauthenticated})

    async def get(
        self, project_id: UUID, *, user_id: UUID, lock: Lock | None = None
    ) -> tuple[Project, MemberRole] | None:
        """The project, and what the user is in it."""
        statement = _VISIBLE
        if lock is not None:
            # The membership too: else who was removed during the wait would still be let in.
            statement = statement.with_for_update(
                of=[Project, Viewer], read=lock is Lock.SHARED
            ).execution_options(populate_existing=True)
        values = {"user_id": user_id, "project_id": project_id}
        return (await self._session.exec(statement, params=values)).one_or_none()

    async def get_page(
        self, *, user_id: UUID, after: Position | None, limit: int
    ) -> tuple[list[ProjectPublic], Position | None]:
        """A page of the user's projects, newest first."""
        shown = select_shown(Project, ProjectPublic)
        statement = visible(shown, col(Project.id), user_id=user_id)
        return await self._newest_first(statement, Project, ProjectPublic, after=after, limit=limit)

    async def save(self, *, conflict: type[AppError]) -> None:
        """Write what has changed. Raises `conflict` if someone else was faster."""
        await self._flush(conflict=conflict)

    async def delete(self, project_id: UUID) -> None:
        """Delete the project; the database takes along what lies in it."""
        await self._session.exec(delete(Project).where(col(Project.id) == project_id))
