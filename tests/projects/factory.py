"""Factory of projects and their members."""

from uuid import UUID

from app.core import clock
from app.projects.models import MemberRole, Membership, Project
from app.users.models import User
from tests.support.factories import Factory


async def create_project(factory: Factory, owner: User, **members: User) -> Project:
    """Store a project of the owner, with members by role: `viewer=user` or `editor=user`."""
    now = clock.now()
    project = Project(name="Analytical engine", created_at=now, updated_at=now)
    memberships = [
        Membership(project_id=project.id, user_id=user.id, role=MemberRole(role))
        for role, user in {"owner": owner, **members}.items()
    ]
    await factory.add(project, *memberships)
    return project


async def create_member(
    factory: Factory, project_id: UUID, user: User, role: MemberRole
) -> Membership:
    """Store a membership of the user in the project."""
    membership = Membership(project_id=project_id, user_id=user.id, role=role)
    await factory.add(membership)
    return membership
