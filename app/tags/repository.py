"""Queries on tags."""

from uuid import UUID

from sqlmodel import col, select

from app.core.pagination import Page, PageRequest
from app.core.repositories import Repository, select_columns
from app.projects.errors import ProjectNotFound
from app.tags.errors import TagTaken
from app.tags.models import Tag
from app.tags.schemas import TagPublic

TagPosition = tuple[str]
"""Position in a list that is sorted by name: the name key, which is unique in the project."""


class TagRepository(Repository):
    """Queries on the tags of a project."""

    async def add(self, tag: Tag) -> None:
        """Store a new tag. Raises ProjectNotFound, TagTaken."""
        self._session.add(tag)
        await self._flush(
            {
                "uq_tags_project_id_name_key": TagTaken,
                "fk_tags_project_id_projects": ProjectNotFound,
            }
        )

    async def get_page(
        self, page_request: PageRequest[TagPosition], *, project_id: UUID
    ) -> Page[TagPublic]:
        """Return a page of a project's tags, sorted by name."""
        statement = select_columns(Tag, TagPublic, col(Tag.name_key)).where(
            col(Tag.project_id) == project_id
        )
        return await self._get_page(statement, TagPublic, page_request, col(Tag.name_key))

    async def lock(self, tag_id: UUID, *, project_id: UUID) -> Tag | None:
        """Lock the tag until the transaction ends. Return it as an entity, or None."""
        statement = (
            select(Tag).where(Tag.id == tag_id, Tag.project_id == project_id).with_for_update()
        )
        return (await self._session.exec(statement)).one_or_none()

    async def save(self) -> None:
        """Write the changes of tags. Raises TagTaken."""
        await self._flush({"uq_tags_project_id_name_key": TagTaken})

    async def delete(self, tag: Tag) -> None:
        """Delete the tag."""
        await self._session.delete(tag)
