"""Hooks, by which a feature takes part in the work of a feature that does not know it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Concatenate, Generic, ParamSpec

from app.runtime.unit_of_work import UnitOfWork

P = ParamSpec("P")


class Hook(Generic[P]):
    """Event in the work of a feature, such as the deletion of a user."""

    def handled_by(
        self, handle: Callable[Concatenate[UnitOfWork, P], Awaitable[None]]
    ) -> "HookHandler":
        """Return the value for `Feature.hooks` with which a feature handles the event."""
        return HookHandler(self, handle)

    async def run(self, unit: UnitOfWork, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call the handlers of all features, in the order of `app/features.py`."""
        for feature in unit.resources.features:
            for handler in feature.hooks:
                if handler.hook is self:
                    await handler.handle(unit, *args, **kwargs)


@dataclass(frozen=True)
class HookHandler:
    """Function that a feature calls for a hook of another feature."""

    hook: Hook[...]
    handle: Callable[..., Awaitable[None]]
