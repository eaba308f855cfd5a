"""Tags of a project."""

from uuid import UUID

from pydantic import TypeAdapter

from app.audit.service import ActivityService
from app.core.pagination import Cursors, PageQuery, Slice
from app.core.tables import name_key
from app.projects.access import ProjectAccess, refuse_unless
from app.projects.models import MemberRole
from app.projects.repository import Lock
from app.tags.errors import TagNotFound
from app.tags.models import Tag
from app.tags.repository import TagRepository
from app.tags.schemas import TagCreate, TagPublic, TagUpdate

_POSITION: TypeAdapter[str] = TypeAdapter(str)


class TagService:
    """Makes, renames and deletes tags."""

    def __init__(
        self,
        *,
        tags: TagRepository,
        access: ProjectAccess,
        activity: ActivityService,
        cursors: Cursors,
    ) -> None:
        self._tags = tags
        self._access = access
        self._activity = activity
        self._cursors = cursors

    async def create(self, user_id: UUID, project_id: UUID, data: TagCreate) -> Tag:
        """A new tag. Raises ProjectNotFound, PermissionDenied, TagTaken."""
        await self._access.require(MemberRole.EDITOR, project_id, user_id=user_id)
        tag = Tag(project_id=project_id, name=data.name, name_key=name_key(data.name))
        await self._tags.add(tag)
        await self._activity.record("tag.created", by=user_id, on=tag.id, within=project_id)
        return tag

    async def get_page(self, user_id: UUID, project_id: UUID, query: PageQuery) -> Slice[TagPublic]:
        """A page of tags, by name. Raises ProjectNotFound."""
        list_name = f"tags of {project_id}"
        after = self._cursors.open(list_name, query.cursor, _POSITION)
        tags, end = await self._tags.get_page(
            project_id, user_id=user_id, after=after, limit=query.limit
        )
        if not tags:
            await self._access.require(MemberRole.VIEWER, project_id, user_id=user_id)
        return Slice(tags, self._cursors.seal(list_name, end))

    async def update(self, user_id: UUID, project_id: UUID, tag_id: UUID, data: TagUpdate) -> Tag:
        """Rename a tag. Raises TagNotFound, PermissionDenied, TagTaken."""
        # Locked: of two who rename it, one would write the name and the other its key.
        tag = await self._get_for_change(user_id, project_id, tag_id, lock=True)
        name = data.model_dump(exclude_unset=True).get("name", tag.name)
        if name != tag.name:
            tag.sqlmodel_update({"name": name, "name_key": name_key(name)})
            await self._tags.save()
            await self._activity.record("tag.updated", by=user_id, on=tag.id, within=project_id)
        return tag

    async def delete(self, user_id: UUID, project_id: UUID, tag_id: UUID) -> None:
        """Delete a tag. Raises TagNotFound, PermissionDenied."""
        await self._get_for_change(user_id, project_id, tag_id)
        # From here on nobody can be about to give it to a task.
        await self._access.require(
            MemberRole.EDITOR, project_id, user_id=user_id, lock=Lock.EXCLUSIVE
        )
        if not await self._tags.delete(tag_id):
            raise TagNotFound
        await self._activity.record("tag.deleted", by=user_id, on=tag_id, within=project_id)

    async def _get_for_change(
        self, user_id: UUID, project_id: UUID, tag_id: UUID, *, lock: bool = False
    ) -> Tag:
        found = await self._tags.get(project_id, tag_id, user_id=user_id, lock=lock)
        if found is None:
            raise TagNotFound
        tag, role = found
        refuse_unless(role, MemberRole.EDITOR)
        return tag
