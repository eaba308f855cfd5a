"""Dependencies that provide the process state and the unit of work of a request."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from app.core.passwords import HashSlot
from app.runtime.resources import Resources
from app.runtime.unit_of_work import UnitOfWork, open_unit_of_work

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
"""Methods that write nothing (RFC 9110 §9.2.1)."""

HASHES = "hashes_passwords"
"""Attribute of handlers that hash a password."""

Handler = TypeVar("Handler", bound=Callable[..., Awaitable[object]])
Condition = Callable[[Request], Awaitable[bool]]


async def get_resources(request: Request) -> Resources:
    """Return the process state.

    A dependency of many routes calls this function instead of declaring it with `Depends`, because
    FastAPI solves a declared one again for each parameter of a route that needs it.
    """
    resources: Resources = request.app.state.resources
    return resources


ResourcesDep = Annotated[Resources, Depends(get_resources)]


async def _always(_: Request) -> bool:
    return True


def hashes_passwords(when: Condition = _always) -> Callable[[Handler], Handler]:
    """Return the decorator of a handler that hashes a password, always or if `when` returns True.

    Its requests wait for a hash slot before they open a session. Otherwise the waiting requests of
    a burst of log-ins would hold all connections.
    """

    def mark(handler: Handler) -> Handler:
        setattr(handler, HASHES, when)
        return handler

    return mark


async def get_unit_of_work(request: Request) -> AsyncIterator[UnitOfWork]:
    """Yield the request's unit of work. It is committed when the handler has returned."""
    resources = await get_resources(request)
    condition: Condition | None = getattr(request.scope["endpoint"], HASHES, None)
    hashes = condition is not None and await condition(request)
    read_only = request.method in SAFE_METHODS
    async with (
        resources.passwords.slot() if hashes else nullcontext() as hash_slot,
        open_unit_of_work(
            resources, hash_slot=hash_slot, read_only=read_only, wait_indefinitely=False
        ) as unit,
    ):
        yield unit


# By default FastAPI would commit after the response, so that a 201 could still be rolled back.
UnitOfWorkDep = Annotated[UnitOfWork, Depends(get_unit_of_work, scope="function")]


async def get_hash_slot(unit: UnitOfWorkDep) -> HashSlot:
    """Return the hash slot, which the request holds until its transaction has ended."""
    if unit.hash_slot is None:
        raise RuntimeError("The handler lacks the decorator `hashes_passwords`.")
    return unit.hash_slot


HashSlotDep = Annotated[HashSlot, Depends(get_hash_slot)]
