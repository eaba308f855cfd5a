"""Factory of tags."""

from uuid import UUID

from app.core.ids import new_id
from app.core.tables import name_key
from app.tags.models import Tag
from tests.support.factories import Factory


async def create_tag(factory: Factory, project_id: UUID, name: str | None = None) -> Tag:
    """Store a tag of the project, by default with a new name."""
    name = name or str(new_id())
    tag = Tag(project_id=project_id, name=name, name_key=name_key(name))
    await factory.add(tag)
    return tag
