"""What the example adds to tests that go through all routes."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from app.projects.models import MemberRole
from app.runtime.resources import Resources
from app.users.models import User
from tests.access import Expected
from tests.example.factory import ProjectFactory
from tests.factories import API, Factory

ROLES = {role.value for role in MemberRole}


def in_project(*, viewer: int, editor: int, owner: int) -> Expected:
    """Of a project, whom it does not concern sees nothing: neither strangers nor admins."""
    statuses = {"viewer": viewer, "editor": editor, "owner": owner}
    return Expected(anonymous=401, user=404, admin=404, others=statuses)


def for_members(status: int) -> Expected:
    """All members may."""
    return in_project(viewer=status, editor=status, owner=status)


def for_editors(status: int) -> Expected:
    """Viewers may only look."""
    return in_project(viewer=403, editor=status, owner=status)


def for_owners(status: int) -> Expected:
    """Only owners may."""
    return in_project(viewer=403, editor=403, owner=status)


MATRIX = {
    f"GET {API}/projects": Expected(anonymous=401, user=200, admin=200),
    f"POST {API}/projects": Expected(anonymous=401, user=201, admin=201),
    f"GET {API}/projects/{{project_id}}": for_members(200),
    f"PATCH {API}/projects/{{project_id}}": for_owners(200),
    f"DELETE {API}/projects/{{project_id}}": for_owners(204),
    f"GET {API}/projects/{{project_id}}/activity": for_owners(200),
    f"GET {API}/projects/{{project_id}}/members": for_members(200),
    f"POST {API}/projects/{{project_id}}/members": for_owners(201),
    f"PATCH {API}/projects/{{project_id}}/members/{{user_id}}": for_owners(200),
    f"DELETE {API}/projects/{{project_id}}/members/{{user_id}}": for_owners(204),
    f"GET {API}/projects/{{project_id}}/tags": for_members(200),
    f"POST {API}/projects/{{project_id}}/tags": for_editors(201),
    f"PATCH {API}/projects/{{project_id}}/tags/{{tag_id}}": for_editors(200),
    f"DELETE {API}/projects/{{project_id}}/tags/{{tag_id}}": for_editors(204),
    f"GET {API}/projects/{{project_id}}/tasks": for_members(200),
    f"POST {API}/projects/{{project_id}}/tasks": for_editors(201),
    f"GET {API}/tasks/{{task_id}}": for_members(200),
    f"PATCH {API}/tasks/{{task_id}}": for_editors(200),
    f"DELETE {API}/tasks/{{task_id}}": for_editors(204),
    f"PUT {API}/tasks/{{task_id}}/tags": for_editors(200),
}
"""What each operation answers to whom."""

INVITED = "invited@example.com"

BODIES: dict[str, dict[str, object]] = {
    f"POST {API}/projects": {"name": "Analytical engine"},
    f"PATCH {API}/projects/{{project_id}}": {"name": "Difference engine"},
    f"POST {API}/projects/{{project_id}}/members": {"email": INVITED, "role": "viewer"},
    f"PATCH {API}/projects/{{project_id}}/members/{{user_id}}": {"role": "editor"},
    f"POST {API}/projects/{{project_id}}/tags": {"name": "Urgent"},
    f"PATCH {API}/projects/{{project_id}}/tags/{{tag_id}}": {"name": "Urgent"},
    f"POST {API}/projects/{{project_id}}/tasks": {"title": "Mend the mill"},
    f"PATCH {API}/tasks/{{task_id}}": {"status": "done"},
    f"PUT {API}/tasks/{{task_id}}/tags": {"tag_ids": []},
}
"""A body that each operation accepts."""

ANY_TEXT = ['""', '"  "', '"' + "x" * 5000 + '"']
ADMITTED = {
    f"PATCH {API}/projects/{{project_id}} description": ANY_TEXT,
    f"PATCH {API}/tasks/{{task_id}} description": ANY_TEXT,
    f"PUT {API}/tasks/{{task_id}}/tags tag_ids": ["[]"],
}
"""What looks like a bad value, and is none for this field."""

QUERIES = {
    f"GET {API}/projects": 2,
    f"GET {API}/projects/{{project_id}}": 2,
    f"GET {API}/projects/{{project_id}}/activity": 3,
    f"GET {API}/projects/{{project_id}}/members": 2,
    f"GET {API}/projects/{{project_id}}/tags": 2,
    f"GET {API}/projects/{{project_id}}/tasks": 3,
    f"GET {API}/tasks/{{task_id}}": 3,
}
"""What each operation costs in statements, the one that authenticates among them."""


class PlatformWorld(Protocol):
    """What the platform has for such tests."""

    factory: Factory
    resources: Resources
    users: Mapping[str, User]
    ids: dict[str, UUID]


async def make_ids(world: PlatformWorld, other: User) -> dict[str, UUID]:
    """Ids in a project where the users work whose names are roles of members, and the other."""
    projects = ProjectFactory(world.resources)
    await world.factory.user(email=INVITED, verified=True)
    project = await projects.project(await world.factory.user(), viewer=other)
    for role in ROLES & world.users.keys():
        await projects.member(project.id, world.users[role], MemberRole(role))
    tag = await projects.tag(project.id)
    task = await projects.task(project.id, tag, assignee_id=other.id)
    return {"project_id": project.id, "tag_id": tag.id, "task_id": task.id}


async def add_rows(world: PlatformWorld, user: User, count: int) -> None:
    """That many rows more in each list of the example."""
    projects = ProjectFactory(world.resources)
    project_id = world.ids["project_id"]
    for _ in range(count):
        await projects.project(user)
        member = await world.factory.user()
        await projects.member(project_id, member, MemberRole.EDITOR)
        tag = await projects.tag(project_id)
        await projects.task(project_id, tag, assignee_id=member.id)
