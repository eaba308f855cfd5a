"""Queries on tags."""

from collections.abc import Collection
from uuid import UUID

from sqlmodel import col, delete, select
from sqlmodel.sql.expression import Select

from app.core.repositories import Repository, cut
from app.projects.errors import ProjectNotFound
from app.projects.models import MemberRole
from app.projects.repository import Viewer, visible
from app.tags.errors import TagNotFound, TagTaken
from app.tags.models import Tag
from app.tags.schemas import TagPublic


class TagRepository(Repository):
    """The tags of projects, as far as a user may see them."""

    async def add(self, tag: Tag) -> None:
        """Store a new tag. Raises TagTaken."""
        self._session.add(tag)
        await self._flush(
            {
                "uq_tags_project_id_name_key": TagTaken,
                "fk_tags_project_id_projects": ProjectNotFound,  # deleted meanwhile
            }
        )

    async def get(
        self, project_id: UUID, tag_id: UUID, *, user_id: UUID, lock: bool = False
    ) -> tuple[Tag, MemberRole] | None:
        """The tag of the project, and what the user is in it; locked, nobody else changes it until
        this transaction ends.
        """
        statement = visible(Select(Tag, col(Viewer.role)), col(Tag.project_id), user_id=user_id)
        statement = statement.where(col(Tag.project_id) == project_id, col(Tag.id) == tag_id)
        if lock:
            statement = statement.with_for_update(of=[Tag]).execution_options(
                populate_existing=True
            )
        return (await self._session.exec(statement)).one_or_none()

    async def get_all(self, project_id: UUID, tag_ids: Collection[UUID]) -> list[Tag]:
        """Those of the tags that belong to the project, by name."""
        statement = (
            select(Tag)
            .where(col(Tag.project_id) == project_id, col(Tag.id).in_(tag_ids))
            .order_by(col(Tag.name_key))
        )
        return list((await self._session.exec(statement)).all())

    async def get_page(
        self, project_id: UUID, *, user_id: UUID, after: str | None, limit: int
    ) -> tuple[list[TagPublic], str | None]:
        """A page of the tags of a project that the user sees, by name."""
        shown = select(Tag.id, Tag.name, Tag.name_key)
        statement = (
            visible(shown, col(Tag.project_id), user_id=user_id)
            .where(col(Tag.project_id) == project_id)
            .order_by(col(Tag.name_key))  # unique in the project: a total order by itself
            .limit(limit + 1)
        )
        if after is not None:
            statement = statement.where(col(Tag.name_key) > after)
        rows, last = cut((await self._session.exec(statement)).all(), limit)
        items = [TagPublic(id=tag_id, name=name) for tag_id, name, _ in rows]
        return items, last[2] if last else None

    async def save(self) -> None:
        """Write what has changed. Raises TagTaken, and TagNotFound if it has been deleted."""
        await self._flush({"uq_tags_project_id_name_key": TagTaken}, conflict=TagNotFound)

    async def delete(self, tag_id: UUID) -> bool:
        """Delete the tag, which the database takes off its tasks; False when it is gone."""
        return (await self._session.exec(delete(Tag).where(col(Tag.id) == tag_id))).rowcount == 1
