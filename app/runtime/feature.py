"""Type of the value that describes a feature."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer
from fastapi import APIRouter

from app.core.setting_group import SettingGroup
from app.core.tables import Base

if TYPE_CHECKING:
    from app.runtime.hooks import HookHandler
    from app.runtime.outbox_handlers import OutboxHandler
    from app.runtime.unit_of_work import UnitOfWork

Purge = Callable[["UnitOfWork"], Awaitable[int]]
"""Function that deletes expired rows, and returns their number."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """Everything that a feature contributes to the service.

    Each feature defines its value in its `__init__.py`, and `app/features.py` lists all values.
    """

    name: str
    """Name of the feature's folder."""
    tag: str = ""
    """Tag of the feature's operations in the OpenAPI document."""
    description: str = ""
    """Description of the tag. It is empty if another feature describes the same tag."""
    router: APIRouter | None = None
    tables: tuple[type[Base], ...] = ()
    settings: type[SettingGroup] | None = None
    commands: typer.Typer | None = None
    """Commands that the feature adds to `python -m app`."""
    hooks: tuple["HookHandler", ...] = ()
    """Handlers for hooks of other features. They run before the commit, in the same transaction."""
    outbox_handlers: "tuple[OutboxHandler, ...]" = ()
    """Handlers of the feature's outbox messages. A worker calls them after the commit."""
    purges: Mapping[str, Purge] = field(default_factory=dict)
    """Functions that delete expired rows, for `python -m app purge`. Each key names these rows."""
