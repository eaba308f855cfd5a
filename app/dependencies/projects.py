"""The services of projects and of what lies in them, and the limit that they need."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request

from app.core.rate_limit import by_user, limiter
from app.core.resources import Resources
from app.dependencies.auth import PrincipalDep
from app.dependencies.database import ResourcesDep, SessionDep
from app.dependencies.services import ServicesDep
from app.repositories.members import MemberRepository
from app.repositories.projects import ProjectRepository
from app.repositories.tags import TagRepository
from app.repositories.tasks import TaskRepository
from app.repositories.users import UserRepository
from app.services.members import MemberService
from app.services.project_access import ProjectAccess
from app.services.projects import ProjectService
from app.services.seed import SeedService
from app.services.tags import TagService
from app.services.tasks import TaskService


async def get_project_access(session: SessionDep) -> ProjectAccess:
    """What users may do in projects."""
    return ProjectAccess(ProjectRepository(session))


ProjectAccessDep = Annotated[ProjectAccess, Depends(get_project_access)]


async def get_project_service(
    session: SessionDep, access: ProjectAccessDep, services: ServicesDep, resources: ResourcesDep
) -> ProjectService:
    """Projects."""
    return ProjectService(
        projects=ProjectRepository(session),
        users=UserRepository(session),
        access=access,
        activity=services.activity,
        cursors=resources.cursors,
    )


async def get_member_service(
    session: SessionDep, access: ProjectAccessDep, services: ServicesDep, resources: ResourcesDep
) -> MemberService:
    """Their members."""
    return MemberService(
        members=MemberRepository(session),
        tasks=TaskRepository(session),
        users=UserRepository(session),
        access=access,
        activity=services.activity,
        cursors=resources.cursors,
    )


async def get_tag_service(
    session: SessionDep, access: ProjectAccessDep, services: ServicesDep, resources: ResourcesDep
) -> TagService:
    """Their tags."""
    return TagService(
        tags=TagRepository(session),
        access=access,
        activity=services.activity,
        cursors=resources.cursors,
    )


async def get_task_service(
    session: SessionDep, access: ProjectAccessDep, services: ServicesDep, resources: ResourcesDep
) -> TaskService:
    """Their tasks."""
    return TaskService(
        tasks=TaskRepository(session),
        tags=TagRepository(session),
        members=MemberRepository(session),
        access=access,
        activity=services.activity,
        cursors=resources.cursors,
    )


@asynccontextmanager
async def seeding(resources: Resources) -> AsyncIterator[SeedService]:
    """The service that fills a development database, in a transaction of its own."""
    async with resources.database.transaction(patient=True) as session:
        yield SeedService(
            users=UserRepository(session),
            projects=ProjectRepository(session),
            members=MemberRepository(session),
            tags=TagRepository(session),
            tasks=TaskRepository(session),
        )


ProjectServiceDep = Annotated[ProjectService, Depends(get_project_service)]
MemberServiceDep = Annotated[MemberService, Depends(get_member_service)]
TagServiceDep = Annotated[TagService, Depends(get_tag_service)]
TaskServiceDep = Annotated[TaskService, Depends(get_task_service)]


@limiter.limit(limiter.policy("limit_user_lookup"), key_func=by_user)
async def limit_user_lookup(request: Request, principal: PrincipalDep) -> None:
    """People looked up by their address, by a user. Raises RateLimited."""
