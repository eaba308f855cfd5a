"""Conditional requests (RFC 9110 §13), on routers of the `FinishedRoute` class."""

from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import StringConstraints
from pydantic.json_schema import SkipJsonSchema

from app.core.etags import TAG_LIST_PATTERN, IfMatch, etag_of, is_not_modified
from app.http.post_processing import finish_with

MAX_TAG_LIST_LENGTH = 1000

TagList = Annotated[
    str, StringConstraints(max_length=MAX_TAG_LIST_LENGTH, pattern=TAG_LIST_PATTERN)
]


def tag_answer(request: Request) -> None:
    """Give the answer the entity tag of its body."""

    async def finish(response: Response) -> Response:
        if response.body:
            response.headers["ETag"] = etag_of(bytes(response.body))
            response.headers["Cache-Control"] = "private, no-cache"
        return response

    finish_with(request, finish)


async def answer_if_modified(
    request: Request,
    if_none_match: Annotated[
        str | SkipJsonSchema[None],
        Header(
            alias="If-None-Match",
            max_length=MAX_TAG_LIST_LENGTH,
            description="Entity tags that you have already.",
        ),
    ] = None,
) -> None:
    """Answer 304 without a body to a client that has the representation already."""
    tag_answer(request)

    async def finish(response: Response) -> Response:
        etag = response.headers["ETag"]
        if if_none_match is None or not is_not_modified(_whole(request, "If-None-Match"), etag):
            return response
        kept = {name: response.headers[name] for name in ("ETag", "Cache-Control")}
        return Response(status_code=304, headers=kept)

    finish_with(request, finish)


async def get_if_match(
    request: Request,
    if_match: Annotated[
        TagList | SkipJsonSchema[None],
        Header(
            alias="If-Match",
            description="Entity tags, one of which has to be current; `*` admits any.",
        ),
    ] = None,
) -> IfMatch:
    """What the client wants to find unchanged. The answer carries the new entity tag."""
    tag_answer(request)
    return IfMatch(if_match and _whole(request, "If-Match"))


def _whole(request: Request, name: str) -> str:
    """A list that may come in several lines (RFC 9110 §5.3); the parameter is but the last one."""
    return ", ".join(request.headers.getlist(name))


IfMatchDep = Annotated[IfMatch, Depends(get_if_match)]
