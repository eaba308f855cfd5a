"""Calls that the speed benchmarks send, and those of each feature.

A feature adds calls in `benchmarks/<feature>/calls.py`, and their routes on the bare server in
`benchmarks/<feature>/bare_routes.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from benchmarks.servers import API, ROOT, Call, Server

Ratios = Mapping[str, tuple[float, float]]
"""Ratio to the bare server that each call must reach, and the one that it should reach."""

ME = Call("GET /users/me", "GET", f"{API}/users/me")


@dataclass(frozen=True)
class FeatureCalls:
    """Calls of a feature."""

    create: Callable[[Server, str], list[Call]]
    """Function that creates data with an access token, and returns the calls."""
    ratios: Ratios


def modules_of_features(name: str) -> Iterator[ModuleType]:
    """Import the modules of this name in the folders of the features."""
    for path in sorted((ROOT / "benchmarks").glob(f"*/{name}.py")):
        yield import_module(f"benchmarks.{path.parent.name}.{name}")


def create_calls(server: Server, token: str) -> list[Call]:
    """Return all calls, after creating the data that they need."""
    calls = [ME]
    for module in modules_of_features("calls"):
        calls += module.calls.create(server, token)
    return calls


def ratios() -> Ratios:
    """Return the ratios of all calls."""
    found = {ME.name: (0.13, 0.22)}
    for module in modules_of_features("calls"):
        found |= module.calls.ratios
    return found
