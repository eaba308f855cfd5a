"""Authentication of a request: its principal, its grant, and limits by user."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from app.audit.dependencies import get_audit_trail
from app.audit.service import Actor
from app.authentication.errors import InvalidRequest, UnsupportedGrantType
from app.authentication.schemas import PasswordGrant, RefreshGrant, Revocation, TokenGrant
from app.authentication.service import AuthService, LoginAttempt, Principal, authenticate
from app.authentication.throttle import LoginThrottle
from app.core.config import API_PREFIX
from app.core.errors import PermissionDenied, Unauthenticated
from app.core.tokens import Claims, InvalidAccessToken
from app.http.dependencies import UnitOfWorkDep, get_hash_slot, get_resources
from app.http.forms import FORM_MEDIA_TYPE, MalformedForm, parse_form
from app.http.rate_limit import by_ip, by_user, limiter
from app.one_time_tokens.dependencies import get_one_time_token_service
from app.sessions.models import USER_AGENT_MAX_LENGTH
from app.sessions.repository import SessionRepository
from app.users.models import Role, User
from app.users.repository import UserRepository

TOKEN_URL = f"{API_PREFIX}/auth/token"

bearer = OAuth2PasswordBearer(
    tokenUrl=TOKEN_URL,
    refreshUrl=TOKEN_URL,
    description="Access token: a JWT in the form of RFC 9068, validated as RFC8725 requires.",
    auto_error=False,
)
_token_grants: TypeAdapter[TokenGrant] = TypeAdapter(TokenGrant)


async def get_auth_service(unit: UnitOfWorkDep) -> AuthService:
    """Return the authentication service in this unit of work."""
    resources = unit.resources
    return AuthService(
        users=UserRepository(unit.session),
        sessions=SessionRepository(unit.session),
        one_time_tokens=await get_one_time_token_service(unit),
        access_tokens=resources.access_tokens,
        audit=await get_audit_trail(unit),
        throttle=LoginThrottle(
            rate_limiter=resources.rate_limiter, account_key=resources.account_key
        ),
        refresh_leeway=timedelta(seconds=resources.settings.refresh_token_leeway_seconds),
    )


AuthServiceDep = Annotated[AuthService, Depends(get_auth_service)]


async def get_claims(request: Request, token: Annotated[str | None, Depends(bearer)]) -> Claims:
    """Return the claims of the access token, without a query. Raises Unauthenticated."""
    if token is None:
        raise Unauthenticated
    resources = await get_resources(request)
    try:
        return resources.access_tokens.read(token)
    except InvalidAccessToken as error:
        raise Unauthenticated from error


# The claims are read first, so that a request without a valid token opens no session.
async def get_principal(
    request: Request, claims: Annotated[Claims, Depends(get_claims)], unit: UnitOfWorkDep
) -> Principal:
    """Return the user and session of the request. Raises Unauthenticated."""
    principal = await authenticate(claims, SessionRepository(unit.session))
    request.state.user_id = str(principal.user.id)  # for the access log, and for limits by user
    return principal


PrincipalDep = Annotated[Principal, Depends(get_principal)]


async def get_current_user(principal: PrincipalDep) -> User:
    """Return the user of the request."""
    return principal.user


CurrentUserDep = Annotated[User, Depends(get_current_user)]


async def get_actor(principal: PrincipalDep) -> Actor:
    """Return the user of the request as the actor of its changes."""
    return principal.actor


ActorDep = Annotated[Actor, Depends(get_actor)]


async def get_admin(principal: PrincipalDep) -> Actor:
    """Return the admin of the request. Raises PermissionDenied."""
    if principal.user.role is not Role.ADMIN:
        raise PermissionDenied
    return principal.actor


AdminDep = Annotated[Actor, Depends(get_admin)]


@limiter.limited("token")
async def limit_token(request: Request) -> None:
    """Limit log-ins, refreshes and revocations from one IP address. Raises RateLimited."""


@limiter.limited("password_check", key=by_user)
async def limit_password_check(request: Request, principal: PrincipalDep) -> None:
    """Limit password checks of one user. Raises RateLimited."""


async def is_log_in(request: Request) -> bool:
    """Return True if a token request has a password to verify.

    Raises InvalidRequest, UnsupportedGrantType.
    """
    return isinstance(await _read_token_grant(request), PasswordGrant)


async def get_token_grant(request: Request, unit: UnitOfWorkDep) -> LoginAttempt | RefreshGrant:
    """Return the grant of a token request.

    Raises InvalidRequest, UnsupportedGrantType, because RFC 6749 §5.2 has no status 422.
    """
    grant = await _read_token_grant(request)
    if isinstance(grant, RefreshGrant):
        return grant
    return LoginAttempt(
        email=grant.username,
        password=grant.password,
        ip=by_ip(request),
        user_agent=_user_agent(request),
        slot=await get_hash_slot(unit),
    )


TokenGrantDep = Annotated[LoginAttempt | RefreshGrant, Depends(get_token_grant)]


async def get_revocation(request: Request) -> Revocation:
    """Return the token to revoke. Raises InvalidRequest."""
    try:
        return Revocation.model_validate(await _read_form(request))
    except ValidationError as error:
        raise InvalidRequest from error


RevocationDep = Annotated[Revocation, Depends(get_revocation)]


async def _read_token_grant(request: Request) -> TokenGrant:
    form = await _read_form(request)
    if form.get("grant_type", "password") not in ("password", "refresh_token"):
        raise UnsupportedGrantType
    try:
        return _token_grants.validate_python(form)
    except ValidationError as error:
        raise InvalidRequest from error


async def _read_form(request: Request) -> dict[str, str]:
    """Return the parameters of the form. Raises InvalidRequest."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != FORM_MEDIA_TYPE:
        raise InvalidRequest
    try:
        return parse_form(await request.body())
    except (ClientDisconnect, MalformedForm) as error:
        raise InvalidRequest from error


def _user_agent(request: Request) -> str | None:
    """Return the printable part of the header, shortened to what is stored."""
    header = request.headers.get("User-Agent", "")
    return "".join(filter(str.isprintable, header))[:USER_AGENT_MAX_LENGTH] or None
