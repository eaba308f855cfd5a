"""Types of the functions that process messages of the outbox."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from app.runtime.resources import Resources
from app.runtime.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class OutboxHandler:
    """Function for one kind of message."""

    kind: str
    """Name that is stored with each message. Stored messages are lost if it changes."""
    message: type[Any]
    """Dataclass of the message. Stored messages are lost if a field changes."""

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """Conversion between the message and its stored form."""
        return TypeAdapter(self.message)


@dataclass(frozen=True)
class TransactionHandler(OutboxHandler):
    """Handler that runs in the transaction that deletes the message, so it takes effect once."""

    handle: Callable[[UnitOfWork, Any], Awaitable[None]]


@dataclass(frozen=True)
class DeliveryHandler(OutboxHandler):
    """Handler that calls another service, with no transaction open meanwhile.

    If the worker crashes before it deletes the message, the handler is called again with the same
    key.
    """

    deliver: Callable[[Resources, Any, UUID], Awaitable[None]]
