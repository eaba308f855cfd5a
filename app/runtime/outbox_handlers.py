"""Handlers of outbox messages, which a worker calls after the commit that stored the message."""

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
    """Handler of one kind of message: a TransactionHandler or a DeliveryHandler."""

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
    """Handler that changes the database once: the same transaction also deletes the message."""

    handle: Callable[[UnitOfWork, Any], Awaitable[None]]


@dataclass(frozen=True)
class DeliveryHandler(OutboxHandler):
    """Handler that calls a third party, such as a mail server. No transaction is open meanwhile.

    If the worker crashes before it deletes the message, the handler is called again with the same
    key.
    """

    deliver: Callable[[Resources, Any, UUID], Awaitable[None]]
