"""The root of the service, which a newcomer opens first."""

from fastapi import APIRouter, Depends, Request

from app.dependencies.answers import FinishedRoute
from app.dependencies.index import link_base, redirect_to_docs
from app.schemas.index import Index

LINKS = {
    "docs": "/docs",
    "openapi": "/openapi.json",
    "livez": "/livez",
    "readyz": "/readyz",
}

router = APIRouter(include_in_schema=False, route_class=FinishedRoute)


@router.get("/", dependencies=[Depends(redirect_to_docs)])
async def read_index(request: Request) -> Index:
    """Name the service and list its entry points."""
    base = link_base(request)
    links = {name: f"{base}{path}" for name, path in LINKS.items()}
    return Index(name=request.app.title, version=request.app.version, links=links)
