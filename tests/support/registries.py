"""Registries of all features."""

from collections.abc import Collection, Iterable, Mapping
from importlib import import_module

from app.core.migrations import ROOT
from app.features import FEATURES
from app.runtime.resources import Resources
from app.users.models import User
from tests.support.factories import Factory
from tests.support.registry import WITHOUT_SESSION, Entry, Registry
from tests.support.world import World

PLATFORM = "http"
"""Folder with the registry of the routes that belong to no feature."""


def _load() -> dict[str, Registry]:
    """Return the registries by folder, in the order of the features, so that parents come first."""
    folders = [PLATFORM, *(feature.name for feature in FEATURES)]
    found = {path.parent.name for path in sorted(ROOT.glob("tests/*/registry.py"))}
    if unknown := sorted(found - {*folders, "support"}):
        raise ValueError(f"tests/{unknown[0]}/registry.py: no feature has this name")
    return {
        folder: import_module(f"tests.{folder}.registry").registry
        for folder in folders
        if folder in found
    }


REGISTRIES = _load()
ENTRIES: dict[str, Entry] = {}
for _registry in REGISTRIES.values():
    ENTRIES |= _registry.entries
CALLERS = [
    *(*WITHOUT_SESSION, "stranger", "admin", "owner"),
    *sorted({caller for registry in REGISTRIES.values() for caller in registry.callers}),
]


def operations_of(features: Iterable[str]) -> set[str]:
    """Return the ids of the operations of these features."""
    return {id_ for name in features if name in REGISTRIES for id_ in REGISTRIES[name].entries}


async def create_world(
    factory: Factory, resources: Resources, callers: Mapping[str, User] | None = None
) -> World:
    """Create a resource for each path parameter, which belongs to the owner."""
    world = World(factory, resources, callers or {}, await factory.user())
    for registry in REGISTRIES.values():
        if registry.add_resources:
            await registry.add_resources(world)
    return world


async def add_rows(world: World, count: int, *, operations: Collection[str]) -> None:
    """Add a number of rows to each list of the owner that one of the operations reads."""
    for registry in REGISTRIES.values():
        if registry.add_rows and not registry.entries.keys().isdisjoint(operations):
            await registry.add_rows(world, count)
