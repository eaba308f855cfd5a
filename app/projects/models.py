"""Tables of projects and memberships."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, Relationship

from app.core import clock
from app.core.ids import new_id
from app.core.tables import Base, Versioned, enum_check, enum_type

PROJECT_NAME_MAX_LENGTH = 200
PROJECT_DESCRIPTION_MAX_LENGTH = 10_000


class MemberRole(StrEnum):
    """Role of a member in a project. Each role includes those before it."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"

    def includes(self, other: "MemberRole") -> bool:
        """Return True if this role has all permissions of the other."""
        ranks = list(MemberRole)
        return ranks.index(self) >= ranks.index(other)


class Project(Versioned, table=True):
    """Project, whose members share its tags and tasks. It always has an owner."""

    __tablename__ = "projects"
    __table_args__ = (CheckConstraint("length(name) >= 1", name="name_not_empty"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=PROJECT_NAME_MAX_LENGTH)
    description: str | None = Field(default=None, max_length=PROJECT_DESCRIPTION_MAX_LENGTH)
    created_at: datetime
    updated_at: datetime


class Membership(Base, table=True):
    """Membership of a user in a project, with a role."""

    __tablename__ = "memberships"
    __table_args__ = (enum_check("role", MemberRole),)

    project_id: UUID = Field(foreign_key="projects.id", ondelete="CASCADE", primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE", primary_key=True, index=True)
    role: MemberRole = Field(sa_type=enum_type(MemberRole))
    created_at: datetime = Field(default_factory=clock.now)

    project: Project = Relationship(sa_relationship_kwargs={"lazy": "raise"})
