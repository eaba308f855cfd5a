"""Root of the service, with links to its entry points."""

import re

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from app.core.schemas import Output
from app.http.post_processing import EarlyResponse
from app.http.routing import create_router

LINKS = {
    "docs": "/docs",
    "openapi": "/openapi.json",
    "livez": "/livez",
    "readyz": "/readyz",
}
VARY = {"Vary": "Accept"}

_QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


class Index(Output):
    """Name and version of the service, with links to its entry points."""

    name: str
    version: str
    links: dict[str, str]


async def redirect_to_docs(request: Request, response: Response) -> None:
    """Redirect to the documentation, unless the client prefers JSON to HTML."""
    if prefers_json(", ".join(request.headers.getlist("Accept"))):
        response.headers.update(VARY)
        return
    # Without ROOT_PATH the location is relative, because a proxy may have removed a prefix.
    location = "/docs" if request.scope.get("root_path") else "docs"
    raise EarlyResponse(RedirectResponse(location, 303, VARY))


def link_base(request: Request) -> str:
    """Return the base to which paths of links are appended: ROOT_PATH, or `.` without it.

    With `.` the links are relative to the request, because a proxy may have removed a prefix.
    """
    return request.scope.get("root_path") or "."


def prefers_json(accept: str) -> bool:
    """Return True if this value of `Accept` ranks JSON above HTML (RFC 9110 §12.5.1)."""
    qualities = dict(map(_quality, accept.lower().split(",")))
    json = _rank(qualities, "application/json", "application/*")
    return json > _rank(qualities, "text/html", "text/*")


def _quality(element: str) -> tuple[str, float]:
    """Return a media range and its quality, which is 0 if it is malformed."""
    media_range, *parameters = [part.strip() for part in element.split(";")]
    for parameter in parameters:
        if parameter.startswith("q="):
            match = _QUALITY.fullmatch(parameter)
            return media_range, float(match[1]) if match else 0
    return media_range, 1


def _rank(qualities: dict[str, float], *ranges: str) -> tuple[float, int]:
    """Return the quality of the first range that the client accepts, and how specific it is.

    So a client that accepts JSON and `*/*` prefers JSON.
    """
    for wildcards, media_range in enumerate((*ranges, "*/*")):
        if media_range in qualities:
            return qualities[media_range], -wildcards
    return 0, 0


router = create_router(in_document=False)


@router.get("/", dependencies=[Depends(redirect_to_docs)])
async def read_index(request: Request) -> Index:
    """Return the name of the service and its entry points."""
    base = link_base(request)
    links = {name: f"{base}{path}" for name, path in LINKS.items()}
    return Index(name=request.app.title, version=request.app.version, links=links)
