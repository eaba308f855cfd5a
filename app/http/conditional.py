"""Conditional requests: `If-Match` and `If-None-Match` (RFC 9110 §13)."""

from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import StringConstraints
from pydantic.json_schema import SkipJsonSchema

from app.core.etags import TAG_LIST_PATTERN, IfMatch, etag_of, is_not_modified
from app.http.post_processing import post_process_response

MAX_TAG_LIST_LENGTH = 1000

TagList = Annotated[
    str, StringConstraints(max_length=MAX_TAG_LIST_LENGTH, pattern=TAG_LIST_PATTERN)
]


def add_etag(request: Request) -> None:
    """Add the entity tag of the body to the response."""

    async def add(response: Response) -> Response:
        if response.body:
            response.headers["ETag"] = etag_of(bytes(response.body))
            response.headers["Cache-Control"] = "private, no-cache"
        return response

    post_process_response(request, add)


async def respond_if_modified(
    request: Request,
    if_none_match: Annotated[
        str | SkipJsonSchema[None],
        Header(
            alias="If-None-Match",
            max_length=MAX_TAG_LIST_LENGTH,
            description="Entity tags of representations that the client has.",
        ),
    ] = None,
) -> None:
    """Respond with 304 and no body if the client already has the current representation."""
    add_etag(request)

    async def replace(response: Response) -> Response:
        etag = response.headers["ETag"]
        if if_none_match is None or not is_not_modified(_whole(request, "If-None-Match"), etag):
            return response
        kept = {name: response.headers[name] for name in ("ETag", "Cache-Control")}
        return Response(status_code=304, headers=kept)

    post_process_response(request, replace)


async def get_if_match(
    request: Request,
    if_match: Annotated[
        TagList | SkipJsonSchema[None],
        Header(
            alias="If-Match",
            description="Entity tags. One of them must be current, and `*` matches any.",
        ),
    ] = None,
) -> IfMatch:
    """Return the precondition of a change, and add the new entity tag to the response."""
    add_etag(request)
    return IfMatch(if_match and _whole(request, "If-Match"))


def _whole(request: Request, name: str) -> str:
    """Return a list that a client may send in several header lines (RFC 9110 §5.3).

    FastAPI's parameter contains only the last line.
    """
    return ", ".join(request.headers.getlist(name))


IfMatchDep = Annotated[IfMatch, Depends(get_if_match)]
