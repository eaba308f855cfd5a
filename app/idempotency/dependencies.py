"""`Idempotency-Key`: `dependencies=[Depends(idempotent)]`, and the `FinishedRoute` class."""

import hashlib
from typing import Annotated

from fastapi import Header, Request, Response
from pydantic import StringConstraints
from pydantic.json_schema import SkipJsonSchema

from app.authentication.dependencies import PrincipalDep
from app.http.conditional import tag_answer
from app.http.post_processing import Answered, finish_with
from app.idempotency.errors import IDEMPOTENCY_KEY, IdempotencyKeyInUse, IdempotencyKeyReused
from app.idempotency.models import KEY_MAX_LENGTH, IdempotencyKey
from app.runtime.services import ServicesDep

Key = Annotated[
    str, StringConstraints(min_length=1, max_length=KEY_MAX_LENGTH, pattern=r"^[\x21-\x7e]+$")
]
IDEMPOTENCY_REFUSALS = (IdempotencyKeyReused, IdempotencyKeyInUse)
"""What a route that is idempotent by key can refuse beside its own."""


async def idempotent(
    request: Request,
    principal: PrincipalDep,
    services: ServicesDep,
    idempotency_key: Annotated[
        Key | SkipJsonSchema[None],
        Header(
            alias=IDEMPOTENCY_KEY,
            description="Chosen by you, new for each request that is not a repetition.",
        ),
    ] = None,
) -> None:
    """Give a repeated request the first answer again; the handler is called once.

    Raises IdempotencyKeyReused, IdempotencyKeyInUse.
    """
    tag_answer(request)
    if idempotency_key is None:
        return
    stored = await services.idempotency.claim(
        principal.user.id, idempotency_key, await _digest(request)
    )
    if stored.status is not None:
        raise Answered(_response_of(stored))

    async def keep(response: Response) -> Response:
        stored.status = response.status_code
        stored.location = response.headers.get("Location")
        stored.body = bytes(response.body)
        return response

    finish_with(request, keep)


async def _digest(request: Request) -> str:
    """What makes two requests the same: method, path, query and body."""
    target = f"{request.method} {request.url.path}?{request.url.query}\n"
    return hashlib.sha256(target.encode() + await request.body()).hexdigest()


def _response_of(stored: IdempotencyKey) -> Response:
    headers = {"Location": stored.location} if stored.location else None
    return Response(stored.body, stored.status or 200, headers, "application/json")
