"""The request's resources and its one session."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from app.runtime.resources import Resources

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
"""Methods that write nothing (RFC 9110 §9.2.1)."""


async def get_resources(request: Request) -> Resources:
    """What the process holds open.

    What many routes depend on calls it, instead of depending on it: FastAPI solves the dependencies
    of a dependency again for each that names it, even when it takes its value from the cache.
    """
    resources: Resources = request.app.state.resources
    return resources


ResourcesDep = Annotated[Resources, Depends(get_resources)]


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's session; its transaction is committed when the handler has returned."""
    resources = await get_resources(request)
    read_only = request.method in SAFE_METHODS
    async with resources.database.transaction(read_only=read_only) as session:
        yield session


# With the default scope the commit would follow the answer: a failing one would follow a 201.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
