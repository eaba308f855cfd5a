"""Service for tags."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter

from app.audit.service import Actor, AuditTrail
from app.core.pagination import Cursors, Page, PageQuery
from app.core.repositories import Lock
from app.core.tables import name_key
from app.projects.models import MemberRole
from app.projects.service import ProjectAccess
from app.tags.errors import TagNotFound
from app.tags.models import Tag
from app.tags.repository import TagPosition, TagRepository
from app.tags.schemas import TagCreate, TagPublic, TagUpdate

_POSITION: TypeAdapter[TagPosition] = TypeAdapter(TagPosition)


@dataclass(frozen=True, kw_only=True)
class TagService:
    """Service that creates, lists, renames and deletes tags."""

    tags: TagRepository
    access: ProjectAccess
    audit: AuditTrail
    cursors: Cursors

    async def create(self, actor: Actor, data: TagCreate, *, project_id: UUID) -> TagPublic:
        """Create a tag.

        Raises ProjectNotFound, PermissionDenied, TagTaken.
        """
        access = await self.access.get(actor, project_id=project_id, lock=Lock.SHARED)
        access.require(MemberRole.EDITOR)
        tag = Tag(project_id=project_id, name=data.name, name_key=name_key(data.name))
        await self.tags.add(tag)
        await self._record("tag.created", actor, tag, scope_id=access.project_id)
        return TagPublic.model_validate(tag)

    async def get_page(
        self, actor: Actor, query: PageQuery, *, project_id: UUID
    ) -> Page[TagPublic]:
        """Return a page of tags, sorted by name. Raises ProjectNotFound, InvalidInput."""
        await self.access.get(actor, project_id=project_id)
        page_request = self.cursors.page_request(f"tags of {project_id}", query, _POSITION)
        return await self.tags.get_page(page_request, project_id=project_id)

    async def update(
        self, actor: Actor, data: TagUpdate, *, project_id: UUID, tag_id: UUID
    ) -> TagPublic:
        """Rename a tag.

        Raises ProjectNotFound, TagNotFound, PermissionDenied, TagTaken.
        """
        access = await self.access.get(actor, project_id=project_id, lock=Lock.SHARED)
        tag = await self._lock(tag_id, project_id=project_id)
        access.require(MemberRole.EDITOR)
        name = data.model_dump(exclude_unset=True).get("name", tag.name)
        if name != tag.name:
            tag.sqlmodel_update({"name": name, "name_key": name_key(name)})
            await self.tags.save()
            await self._record("tag.updated", actor, tag, scope_id=access.project_id)
        return TagPublic.model_validate(tag)

    async def delete(self, actor: Actor, *, project_id: UUID, tag_id: UUID) -> None:
        """Delete a tag.

        Raises ProjectNotFound, TagNotFound, PermissionDenied.
        """
        access = await self.access.get(actor, project_id=project_id, lock=Lock.SHARED)
        tag = await self._lock(tag_id, project_id=project_id)
        access.require(MemberRole.EDITOR)
        await self.tags.delete(tag)
        await self._record("tag.deleted", actor, tag, scope_id=access.project_id)

    async def _lock(self, tag_id: UUID, *, project_id: UUID) -> Tag:
        tag = await self.tags.lock(tag_id, project_id=project_id)
        if tag is None:
            raise TagNotFound
        return tag

    async def _record(self, action: str, actor: Actor, tag: Tag, *, scope_id: UUID) -> None:
        await self.audit.record(action, actor=actor, resource_id=tag.id, scope_id=scope_id)
