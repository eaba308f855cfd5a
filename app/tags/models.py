"""Table of tags."""

from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.core.ids import new_id
from app.core.tables import KEY_GROWTH, Base

TAG_NAME_MAX_LENGTH = 50


class Tag(Base, table=True):
    """Tag of a project. `name_key` is its case-folded name, unique in the project."""

    __tablename__ = "tags"
    __table_args__ = (
        UniqueConstraint("project_id", "name_key"),
        CheckConstraint("length(name) >= 1", name="name_not_empty"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    project_id: UUID = Field(foreign_key="projects.id", ondelete="CASCADE")
    name: str = Field(max_length=TAG_NAME_MAX_LENGTH)
    name_key: str = Field(max_length=KEY_GROWTH * TAG_NAME_MAX_LENGTH)
