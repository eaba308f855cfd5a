"""Service for plausible data, which is the same each time."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from uuid import UUID

from app.core import clock
from app.core.ids import new_id
from app.core.repositories import Values
from app.core.tables import name_key
from app.members.repository import MemberRepository
from app.projects.models import MemberRole, Membership, Project
from app.projects.repository import ProjectRepository
from app.seed.repository import SeedRepository
from app.tags.models import Tag
from app.tags.repository import TagRepository
from app.tasks.models import MAX_PRIORITY, TaskStatus
from app.users.models import User
from app.users.repository import UserRepository

PEOPLE = {
    "owner@example.com": ("Ada Lovelace", MemberRole.OWNER),
    "editor@example.com": ("Grace Hopper", MemberRole.EDITOR),
    "viewer@example.com": ("Alan Turing", MemberRole.VIEWER),
}
TAGS = ("backend", "bug", "design", "documentation", "frontend", "research", "security", "urgent")
VERBS = ("Describe", "Draw", "Fix", "Measure", "Order", "Review", "Simplify", "Test")
THINGS = ("barrel", "card reader", "difference engine", "drive", "mill", "printer", "store")
TITLES = [f"{verb} the {thing}" for verb, thing in product(VERBS, THINGS)]
DESCRIPTION = "Seen on the last walk through the workshop. More is in the drawings."


@dataclass(frozen=True)
class SeededProject:
    """Ids of a seeded project, its members and its tags."""

    id: UUID
    member_ids: list[UUID]
    tag_ids: list[UUID]


@dataclass(frozen=True, kw_only=True)
class SeedService:
    """Service that fills a development database with data. Never use it in production."""

    users: UserRepository
    projects: ProjectRepository
    members: MemberRepository
    tags: TagRepository
    rows: SeedRepository

    async def create_project(self, password_hash: str) -> SeededProject:
        """Create a project with its members, and set the password of all of them."""
        now = clock.now()
        project = Project(
            name="Analytical engine",
            description="A general-purpose computer.",
            created_at=now,
            updated_at=now,
        )
        people = [
            (await self._get_or_add(email, name, password_hash), role)
            for email, (name, role) in PEOPLE.items()
        ]
        (owner, *others) = [
            Membership(project_id=project.id, project=project, user_id=user.id, role=role)
            for user, role in people
        ]
        await self.projects.add(owner)
        for membership in others:
            await self.members.add(membership)
        tags = [Tag(project_id=project.id, name=name, name_key=name_key(name)) for name in TAGS]
        for tag in tags:
            await self.tags.add(tag)
        return SeededProject(project.id, [user.id for user, _ in people], [tag.id for tag in tags])

    async def add_tasks(self, project: SeededProject, numbers: range) -> None:
        """Add the tasks with these numbers."""
        chance = random.Random(numbers.start)  # noqa: S311 -- plausible, not secret
        now = clock.now()
        tasks: list[Values] = []
        links: list[Values] = []
        for number in numbers:
            task = _task_values(project, number, now=now, chance=chance)
            tasks.append(task)
            tag_ids = chance.sample(project.tag_ids, chance.randint(0, 2))
            links.extend({"task_id": task["id"], "tag_id": tag_id} for tag_id in tag_ids)
        await self.rows.add_tasks(tasks, links)

    async def _get_or_add(self, email: str, full_name: str, password_hash: str) -> User:
        user = await self.users.get_by_email(email)
        if user is None:
            user = User(email=email, full_name=full_name, password_hash=password_hash)
            await self.users.add(user)
        user.password_hash = password_hash
        user.email_verified_at = clock.now()
        return user


def _task_values(
    project: SeededProject, number: int, *, now: datetime, chance: random.Random
) -> Values:
    """Return the row of a task. Creating entities would take several times as long."""
    created_at = now - timedelta(minutes=number)
    due_date = now.date() + timedelta(days=chance.randint(-30, 90))
    return {
        "id": new_id(),
        "version": 1,
        "project_id": project.id,
        "title": f"{chance.choice(TITLES)} ({number})",
        "description": chance.choice([None, DESCRIPTION]),
        "status": chance.choice(list(TaskStatus)),
        "priority": chance.randint(0, MAX_PRIORITY),
        "due_date": chance.choice([None, due_date]),
        "assignee_id": chance.choice([None, *project.member_ids]),
        "created_at": created_at,
        "updated_at": created_at,
    }
