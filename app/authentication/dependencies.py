"""Who makes the request, and with what credentials."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from app.authentication.errors import InvalidRequest, UnsupportedGrantType
from app.authentication.models import USER_AGENT_MAX_LENGTH
from app.authentication.schemas import RefreshGrant, Revocation, TokenGrant
from app.authentication.service import LoginAttempt, Principal
from app.core.errors import PermissionDenied, Unauthenticated
from app.core.passwords import HashSlot
from app.core.schemas import API
from app.core.tokens import Claims, InvalidAccessToken
from app.http.dependencies import ResourcesDep, get_resources
from app.http.forms import FORM_MEDIA_TYPE, MalformedForm, parse_form
from app.http.rate_limit import by_ip
from app.runtime.services import ServicesDep
from app.users.models import Role, User

TOKEN_URL = f"{API}/auth/token"

bearer = OAuth2PasswordBearer(
    tokenUrl=TOKEN_URL,
    refreshUrl=TOKEN_URL,
    description="An access token: a JWT of the form of RFC 9068, read as RFC8725 asks.",
    auto_error=False,
)
_token_grants: TypeAdapter[TokenGrant] = TypeAdapter(TokenGrant)


async def get_claims(request: Request, token: Annotated[str | None, Depends(bearer)]) -> Claims:
    """What the access token says, before the database is asked. Raises Unauthenticated."""
    if token is None:
        raise Unauthenticated
    resources = await get_resources(request)
    try:
        return resources.access_tokens.read(token)
    except InvalidAccessToken as error:
        raise Unauthenticated from error


ClaimsDep = Annotated[Claims, Depends(get_claims)]


async def get_principal(request: Request, claims: ClaimsDep, services: ServicesDep) -> Principal:
    """Who makes the request. Raises Unauthenticated."""
    principal = await services.auth.authenticate(claims)
    request.state.user_id = str(principal.user.id)  # for the access line, and limits by user
    return principal


PrincipalDep = Annotated[Principal, Depends(get_principal)]


async def get_current_user(principal: PrincipalDep) -> User:
    """The user who makes the request."""
    return principal.user


CurrentUserDep = Annotated[User, Depends(get_current_user)]


async def require_admin(user: CurrentUserDep) -> User:
    """The admin who makes the request. Raises PermissionDenied."""
    if user.role is not Role.ADMIN:
        raise PermissionDenied
    return user


AdminDep = Annotated[User, Depends(require_admin)]


async def get_hash_slot(resources: ResourcesDep) -> AsyncIterator[HashSlot]:
    """A slot to hash in, held until the transaction has ended. A route takes it before anything
    that takes a session: a storm of log-ins would hold all connections otherwise.
    """
    async with resources.passwords.slot() as slot:
        yield slot


HashSlotDep = Annotated[HashSlot, Depends(get_hash_slot, scope="function")]


async def get_token_grant(
    request: Request, resources: ResourcesDep
) -> AsyncIterator[LoginAttempt | RefreshGrant]:
    """The grant of a token request; only a log-in waits for a hash slot.

    Raises InvalidRequest and UnsupportedGrantType: RFC 6749 §5.2 knows no 422.
    """
    form = await _read_form(request)
    if form.get("grant_type", "password") not in ("password", "refresh_token"):
        raise UnsupportedGrantType
    try:
        grant = _token_grants.validate_python(form)
    except ValidationError as error:
        raise InvalidRequest from error
    if isinstance(grant, RefreshGrant):
        yield grant
        return
    async with resources.passwords.slot() as slot:
        yield LoginAttempt(
            email=grant.username,
            password=grant.password,
            ip=by_ip(request),
            user_agent=_user_agent(request),
            slot=slot,
        )


TokenGrantDep = Annotated[LoginAttempt | RefreshGrant, Depends(get_token_grant, scope="function")]


async def get_revocation(request: Request) -> Revocation:
    """The token to revoke. Raises InvalidRequest."""
    try:
        return Revocation.model_validate(await _read_form(request))
    except ValidationError as error:
        raise InvalidRequest from error


RevocationDep = Annotated[Revocation, Depends(get_revocation)]


async def _read_form(request: Request) -> dict[str, str]:
    """Return the form's parameters. Raises InvalidRequest."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != FORM_MEDIA_TYPE:
        raise InvalidRequest
    try:
        return parse_form(await request.body())
    except (ClientDisconnect, MalformedForm) as error:
        raise InvalidRequest from error


def _user_agent(request: Request) -> str | None:
    given = request.headers.get("User-Agent", "")
    return "".join(filter(str.isprintable, given))[:USER_AGENT_MAX_LENGTH] or None
