"""The services of projects and of what lies in them, and the limit that they need."""

from typing import Annotated

from fastapi import Depends, Request

from app.authentication.dependencies import PrincipalDep
from app.http.rate_limit import by_user, limiter
from app.members.repository import MemberRepository
from app.members.service import MemberService
from app.projects.access import ProjectAccess
from app.projects.repository import ProjectRepository
from app.projects.service import ProjectService
from app.runtime.services import Services, ServicesDep
from app.seed.service import SeedService
from app.tags.repository import TagRepository
from app.tags.service import TagService
from app.tasks.repository import TaskRepository
from app.tasks.service import TaskService
from app.users.repository import UserRepository


class ProjectServices:
    """The services of one transaction, made when asked for: by a request or the CLI. None is kept,
    because each asks for one of them, once.
    """

    def __init__(self, services: Services) -> None:
        self._activity = services.activity
        self._cursors = services.resources.cursors
        self._users = UserRepository(services.session)
        self._projects = ProjectRepository(services.session)
        self._members = MemberRepository(services.session)
        self._tags = TagRepository(services.session)
        self._tasks = TaskRepository(services.session)
        self._access = ProjectAccess(self._projects)

    @property
    def projects(self) -> ProjectService:
        return ProjectService(
            projects=self._projects,
            access=self._access,
            activity=self._activity,
            cursors=self._cursors,
        )

    @property
    def members(self) -> MemberService:
        return MemberService(
            members=self._members,
            tasks=self._tasks,
            users=self._users,
            access=self._access,
            activity=self._activity,
            cursors=self._cursors,
        )

    @property
    def tags(self) -> TagService:
        return TagService(
            tags=self._tags, access=self._access, activity=self._activity, cursors=self._cursors
        )

    @property
    def tasks(self) -> TaskService:
        return TaskService(
            tasks=self._tasks,
            tags=self._tags,
            members=self._members,
            users=self._users,
            access=self._access,
            activity=self._activity,
            cursors=self._cursors,
        )

    @property
    def seed(self) -> SeedService:
        return SeedService(
            users=self._users,
            projects=self._projects,
            members=self._members,
            tags=self._tags,
            tasks=self._tasks,
        )


async def get_project_service(services: ServicesDep) -> ProjectService:
    return ProjectServices(services).projects


async def get_member_service(services: ServicesDep) -> MemberService:
    return ProjectServices(services).members


async def get_tag_service(services: ServicesDep) -> TagService:
    return ProjectServices(services).tags


async def get_task_service(services: ServicesDep) -> TaskService:
    return ProjectServices(services).tasks


ProjectServiceDep = Annotated[ProjectService, Depends(get_project_service)]
MemberServiceDep = Annotated[MemberService, Depends(get_member_service)]
TagServiceDep = Annotated[TagService, Depends(get_tag_service)]
TaskServiceDep = Annotated[TaskService, Depends(get_task_service)]


@limiter.limit(limiter.policy("limit_user_lookup"), key_func=by_user)
async def limit_user_lookup(request: Request, principal: PrincipalDep) -> None:
    """People looked up by their address, by a user. Raises RateLimited."""
