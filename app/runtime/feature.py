"""Type of the value by which a feature contributes to the service."""

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
"""Function that deletes what has expired, and returns the number of deleted rows."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """Everything that a feature contributes to the service.

    Each feature defines one in its `__init__.py`, and `app/features.py` lists them.
    """

    name: str
    """Name of the feature's folder."""
    tag: str = ""
    """Tag of its operations in the OpenAPI document."""
    description: str = ""
    """Description of that tag. A feature without one adds operations to the tag of another."""
    router: APIRouter | None = None
    tables: tuple[type[Base], ...] = ()
    settings: type[SettingGroup] | None = None
    commands: typer.Typer | None = None
    """Commands of `python -m app`."""
    hooks: tuple["HookHandler", ...] = ()
    """Parts that it takes in the work of other features."""
    outbox_handlers: "tuple[OutboxHandler, ...]" = ()
    """Work that it does after a commit."""
    purges: Mapping[str, Purge] = field(default_factory=dict)
    """Functions that `python -m app purge` calls, by the name of the rows that they delete."""
