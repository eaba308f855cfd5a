"""Hooks, by which a feature calls functions of features that it does not import."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Concatenate, Generic, ParamSpec

from app.runtime.unit_of_work import UnitOfWork

P = ParamSpec("P")


class Hook(Generic[P]):
    """Event in a transaction of a feature, such as the deletion of a user."""

    def handled_by(
        self, handle: Callable[Concatenate[UnitOfWork, P], Awaitable[None]]
    ) -> "HookHandler":
        """Return a handler of this event, which another feature adds to its `Feature.hooks`."""
        return HookHandler(self, handle)

    async def run(self, unit: UnitOfWork, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call the handlers in the same transaction, in the order of `app/features.py`."""
        for feature in unit.resources.features:
            for handler in feature.hooks:
                if handler.hook is self:
                    await handler.handle(unit, *args, **kwargs)


@dataclass(frozen=True)
class HookHandler:
    """Function of a feature that handles the event of another feature."""

    hook: Hook[...]
    handle: Callable[..., Awaitable[None]]
