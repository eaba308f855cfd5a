"""Dependency for repeated requests: `dependencies=[Depends(idempotent)]`."""

import hashlib
from typing import Annotated

from fastapi import Header, Request, Response
from pydantic import StringConstraints
from pydantic.json_schema import SkipJsonSchema

from app.authentication.dependencies import ActorDep
from app.http.conditional import add_etag
from app.http.dependencies import UnitOfWorkDep
from app.http.post_processing import EarlyResponse, post_process_response
from app.idempotency.errors import IDEMPOTENCY_KEY, IdempotencyKeyInUse, IdempotencyKeyReused
from app.idempotency.models import KEY_MAX_LENGTH, IdempotencyKey
from app.idempotency.repository import IdempotencyKeyRepository
from app.idempotency.service import IdempotencyService

Key = Annotated[
    str, StringConstraints(min_length=1, max_length=KEY_MAX_LENGTH, pattern=r"^[\x21-\x7e]+$")
]
IDEMPOTENCY_ERRORS = (IdempotencyKeyReused, IdempotencyKeyInUse)
"""Errors that an idempotent route can raise besides its own."""


async def get_idempotency_service(unit: UnitOfWorkDep) -> IdempotencyService:
    """Return the idempotency service in this unit of work."""
    return IdempotencyService(keys=IdempotencyKeyRepository(unit.session))


async def idempotent(
    request: Request,
    actor: ActorDep,
    unit: UnitOfWorkDep,
    idempotency_key: Annotated[
        Key | SkipJsonSchema[None],
        Header(
            alias=IDEMPOTENCY_KEY,
            description="Unique value that the client chooses. The same value is only for "
            "repetitions of the request.",
        ),
    ] = None,
) -> None:
    """Respond to a repeated request with the first response. The handler is called once.

    Raises IdempotencyKeyReused, IdempotencyKeyInUse.
    """
    add_etag(request)
    if idempotency_key is None:
        return
    service = await get_idempotency_service(unit)
    stored = await service.claim(
        user_id=actor.user_id, key=idempotency_key, request_digest=await _digest(request)
    )
    if stored.status is not None:
        raise EarlyResponse(_response_of(stored))

    async def keep(response: Response) -> Response:
        stored.status = response.status_code
        stored.location = response.headers.get("Location")
        stored.body = bytes(response.body)
        return response

    post_process_response(request, keep)


async def _digest(request: Request) -> str:
    """Return a digest of what two equal requests share: method, path, query and body."""
    target = f"{request.method} {request.url.path}?{request.url.query}\n"
    return hashlib.sha256(target.encode() + await request.body()).hexdigest()


def _response_of(stored: IdempotencyKey) -> Response:
    headers = {"Location": stored.location} if stored.location else None
    return Response(stored.body, stored.status or 200, headers, "application/json")
