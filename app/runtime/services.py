"""Services, put together for one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.service import UserService
from app.audit.repository import ActivityRepository
from app.audit.service import ActivityService
from app.authentication.repository import SessionRepository
from app.authentication.service import AuthService
from app.authentication.throttle import LoginThrottle
from app.http.dependencies import SessionDep, get_resources
from app.http.rate_limit import limiter
from app.idempotency.repository import IdempotencyKeyRepository
from app.idempotency.service import IdempotencyService
from app.members.jobs import ProjectDeparture
from app.members.repository import MemberRepository
from app.one_time_tokens.repository import OneTimeTokenRepository
from app.one_time_tokens.service import OneTimeTokenService
from app.outbox.repository import OutboxRepository
from app.outbox.service import OutboxService
from app.passwords.service import PasswordService
from app.runtime.mails import MailService
from app.runtime.purge import PurgeService
from app.runtime.resources import Resources
from app.sessions.service import SessionService
from app.users.repository import UserRepository
from app.verification.service import VerificationService


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


ActivityServiceDep = Annotated[ActivityService, Depends(get_activity_service)]
AuthServiceDep = Annotated[AuthService, Depends(get_auth_service)]
UserServiceDep = Annotated[UserService, Depends(get_user_service)]
SessionServiceDep = Annotated[SessionService, Depends(get_session_service)]
PasswordServiceDep = Annotated[PasswordService, Depends(get_password_service)]
VerificationServiceDep = Annotated[VerificationService, Depends(get_verification_service)]
