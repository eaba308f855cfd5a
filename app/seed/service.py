"""A plausible project for development and for measurements, the same each time."""

import random
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from uuid import UUID

from app.core import clock
from app.core.ids import new_id
from app.core.repositories import Values
from app.core.tables import name_key
from app.members.repository import MemberRepository
from app.projects.models import MemberRole, Membership, Project
from app.projects.repository import ProjectRepository
from app.tags.models import Tag
from app.tags.repository import TagRepository
from app.tasks.models import MAX_PRIORITY, TaskStatus
from app.tasks.repository import TaskRepository
from app.users.models import User
from app.users.repository import UserRepository

PEOPLE = {
    "owner@example.com": ("Ada Lovelace", MemberRole.OWNER),
    "editor@example.com": ("Grace Hopper", MemberRole.EDITOR),
    "viewer@example.com": ("Alan Turing", MemberRole.VIEWER),
}
TAGS = ("backend", "bug", "design", "documentation", "frontend", "research", "security", "urgent")
VERBS = ("Describe", "Draw", "Measure", "Mend", "Order", "Review", "Simplify", "Test")
THINGS = ("barrel", "card reader", "difference engine", "drive", "mill", "printer", "store")
DESCRIPTION = "Seen on the last walk through the workshop; the drawings tell more."


@dataclass(frozen=True)
class SeededProject:
    """What tasks refer to."""

    id: UUID
    member_ids: list[UUID]
    tag_ids: list[UUID]


class SeedService:
    """Fills the database. Not for one that people use."""

    def __init__(
        self,
        *,
        users: UserRepository,
        projects: ProjectRepository,
        members: MemberRepository,
        tags: TagRepository,
        tasks: TaskRepository,
    ) -> None:
        self._users = users
        self._projects = projects
        self._members = members
        self._tags = tags
        self._tasks = tasks

    async def make_project(self, password_hash: str) -> SeededProject:
        """A project with its people, who log in with the password from now on."""
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
        await self._projects.add(owner)
        for membership in others:
            await self._members.add(membership)
        tags = [Tag(project_id=project.id, name=name, name_key=name_key(name)) for name in TAGS]
        for tag in tags:
            await self._tags.add(tag)
        return SeededProject(project.id, [user.id for user, _ in people], [tag.id for tag in tags])

    async def add_tasks(self, project: SeededProject, numbers: range) -> None:
        """The tasks of these numbers."""
        titles = [f"{verb} the {thing}" for verb, thing in product(VERBS, THINGS)]
        chance = random.Random(numbers.start)  # noqa: S311 -- plausible, not secret
        statuses, assignees = list(TaskStatus), [None, *project.member_ids]
        now = clock.now()
        today = now.date()
        tasks: list[Values] = []
        links: list[Values] = []
        for number in numbers:
            days = chance.randint(-30, 90)
            created_at = now - timedelta(minutes=number)
            task_id = new_id()
            # Rows, not entities: those would take several times as long.
            tasks.append(
                {
                    "id": task_id,
                    "version": 1,
                    "project_id": project.id,
                    "title": f"{chance.choice(titles)} ({number})",
                    "description": chance.choice([None, DESCRIPTION]),
                    "status": chance.choice(statuses),
                    "priority": chance.randint(0, MAX_PRIORITY),
                    "due_date": chance.choice([None, today + timedelta(days=days)]),
                    "assignee_id": chance.choice(assignees),
                    "created_at": created_at,
                    "updated_at": created_at,
                }
            )
            tag_ids = chance.sample(project.tag_ids, chance.randint(0, 2))
            links.extend({"task_id": task_id, "tag_id": tag_id} for tag_id in tag_ids)
        await self._tasks.add_all(tasks, links)

    async def _get_or_add(self, email: str, full_name: str, password_hash: str) -> User:
        user = await self._users.get_by_email(email)
        if user is None:
            user = User(email=email, full_name=full_name, password_hash=password_hash)
            await self._users.add(user)
        user.password_hash = password_hash
        user.email_verified_at = clock.now()
        return user
