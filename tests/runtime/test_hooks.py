"""Hooks, by which features take part in the work of others."""

from dataclasses import replace

import pytest

from app.runtime.feature import Feature
from app.runtime.hooks import Hook, HookHandler
from app.runtime.resources import Resources
from app.runtime.unit_of_work import UnitOfWork, open_unit_of_work


async def test_the_handlers_of_a_hook_run_in_the_order_of_the_features(
    resources: Resources,
) -> None:
    hook: Hook[str] = Hook()
    other: Hook[str] = Hook()
    calls: list[tuple[str, str]] = []

    def handler(name: str) -> HookHandler:
        async def handle(unit: UnitOfWork, argument: str) -> None:
            calls.append((name, argument))

        return hook.handled_by(handle)

    features = [
        Feature(name="first", hooks=(handler("first"),)),
        Feature(name="none"),
        Feature(name="second", hooks=(handler("second"), handler("third"))),
    ]
    async with open_unit_of_work(replace(resources, features=features)) as unit:
        await hook.run(unit, "argument")
        await other.run(unit, "argument")

    assert calls == [("first", "argument"), ("second", "argument"), ("third", "argument")]


async def test_functions_after_a_commit_are_not_called_after_a_rollback(
    resources: Resources,
) -> None:
    calls: list[str] = []

    async with open_unit_of_work(resources) as unit:
        unit.after_commit.append(lambda: calls.append("committed"))
        before = list(calls)
    with pytest.raises(LookupError):
        async with open_unit_of_work(resources) as unit:
            unit.after_commit.append(lambda: calls.append("rolled back"))
            raise LookupError

    assert (before, calls) == ([], ["committed"])
