"""Services, put together for one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.rate_limit import limiter
from app.core.resources import Resources
from app.dependencies.database import ResourcesDep, SessionDep, get_resources
from app.repositories.activity import ActivityRepository
from app.repositories.idempotency import IdempotencyKeyRepository
from app.repositories.members import MemberRepository  # example
from app.repositories.one_time_tokens import OneTimeTokenRepository
from app.repositories.outbox import OutboxRepository
from app.repositories.sessions import SessionRepository
from app.repositories.users import UserRepository
from app.services.activity import ActivityService
from app.services.auth import AuthService
from app.services.departures import ProjectDeparture  # example
from app.services.health import HealthService
from app.services.idempotency import IdempotencyService
from app.services.login_throttle import LoginThrottle
from app.services.mail import MailService
from app.services.one_time_tokens import OneTimeTokenService
from app.services.outbox import OutboxService
from app.services.passwords import PasswordService
from app.services.purge import PurgeService
from app.services.sessions import SessionService
from app.services.users import UserService
from app.services.verification import VerificationService


class Services:
    """The services of one transaction, made when asked for: by a request, a worker or the CLI."""

    def __init__(self, session: AsyncSession, resources: Resources) -> None:
        self.session = session
        self.resources = resources
        self._users = UserRepository(session)
        self._sessions = SessionRepository(session)
        self._one_time_tokens = OneTimeTokenRepository(session)
        self.outbox = OutboxService(OutboxRepository(session), resources.outbox_cipher)
        self._mails = MailService(self.outbox, resources.settings)

    @cached_property
    def activity(self) -> ActivityService:
        return ActivityService(
            activity=ActivityRepository(self.session), cursors=self.resources.cursors
        )

    @cached_property
    def idempotency(self) -> IdempotencyService:
        return IdempotencyService(IdempotencyKeyRepository(self.session))

    @cached_property
    def auth(self) -> AuthService:
        return AuthService(
            users=self._users,
            sessions=self._sessions,
            one_time_tokens=self._one_time_token_service,
            access_tokens=self.resources.access_tokens,
            activity=self.activity,
            throttle=LoginThrottle(limiter, account_key=self.resources.account_key),
            refresh_leeway_seconds=self.resources.settings.refresh_token_leeway_seconds,
        )

    @cached_property
    def users(self) -> UserService:
        return UserService(
            users=self._users,
            sessions=self._sessions,
            one_time_tokens=self._one_time_token_service,
            verification=self.verification,
            departures=[
                ProjectDeparture(MemberRepository(self.session), self.activity),  # example
            ],
            activity=self.activity,
            cursors=self.resources.cursors,
        )

    @cached_property
    def sessions(self) -> SessionService:
        return SessionService(
            sessions=self._sessions, activity=self.activity, cursors=self.resources.cursors
        )

    @cached_property
    def passwords(self) -> PasswordService:
        return PasswordService(
            users=self._users,
            sessions=self._sessions,
            one_time_tokens=self._one_time_token_service,
            mails=self._mails,
            outbox=self.outbox,
            activity=self.activity,
        )

    @cached_property
    def verification(self) -> VerificationService:
        return VerificationService(
            users=self._users,
            one_time_tokens=self._one_time_token_service,
            mails=self._mails,
            activity=self.activity,
        )

    @cached_property
    def purge(self) -> PurgeService:
        return PurgeService(
            sessions=self._sessions,
            one_time_tokens=self._one_time_tokens,
            idempotency_keys=IdempotencyKeyRepository(self.session),
        )

    @cached_property
    def _one_time_token_service(self) -> OneTimeTokenService:
        return OneTimeTokenService(users=self._users, tokens=self._one_time_tokens)

    async def wake_worker(self) -> None:
        """After the commit: tell the worker of this process what it would see a little later.

        It is a coroutine, because a background task that is none takes a thread.
        """
        if self.outbox.has_added:
            self.resources.outbox_filled.set()


@asynccontextmanager
async def unit_of_work(resources: Resources) -> AsyncIterator[Services]:
    """Services in a transaction outside of any request."""
    async with resources.database.transaction(patient=True) as session:
        services = Services(session, resources)
        yield services
    await services.wake_worker()


async def get_services(request: Request, session: SessionDep, tasks: BackgroundTasks) -> Services:
    """The services of a request."""
    services = Services(session, await get_resources(request))
    tasks.add_task(services.wake_worker)
    return services


ServicesDep = Annotated[Services, Depends(get_services)]


async def get_activity_service(services: ServicesDep) -> ActivityService:
    return services.activity


async def get_auth_service(services: ServicesDep) -> AuthService:
    return services.auth


async def get_user_service(services: ServicesDep) -> UserService:
    return services.users


async def get_session_service(services: ServicesDep) -> SessionService:
    return services.sessions


async def get_password_service(services: ServicesDep) -> PasswordService:
    return services.passwords


async def get_verification_service(services: ServicesDep) -> VerificationService:
    return services.verification


async def get_health_service(resources: ResourcesDep) -> HealthService:
    """It needs no session of the request: it asks for one by itself."""
    return HealthService(database=resources.database, limiter=limiter, stopping=resources.stopping)


ActivityServiceDep = Annotated[ActivityService, Depends(get_activity_service)]
AuthServiceDep = Annotated[AuthService, Depends(get_auth_service)]
UserServiceDep = Annotated[UserService, Depends(get_user_service)]
SessionServiceDep = Annotated[SessionService, Depends(get_session_service)]
PasswordServiceDep = Annotated[PasswordService, Depends(get_password_service)]
VerificationServiceDep = Annotated[VerificationService, Depends(get_verification_service)]
HealthServiceDep = Annotated[HealthService, Depends(get_health_service)]
