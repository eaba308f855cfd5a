"""Names and places of the checked project. Change this file to check another project.

Everything else is found by the name of a symbol, wherever it is defined.
"""

from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData

ROOT = Path(__file__).parents[2]
PACKAGE = "app"
"""Name of the checked package."""
OUTSIDE = ("tests", "faults", "benchmarks", "migrations", "scaffold")
"""Folders with Python files beside the package."""

PLATFORM = ("cli", "core", "http", "mail", "runtime")
"""Packages that are not features. Each is a layer."""
LAYER_OF_FILE = (
    *("router", "commands", "worker", "jobs", "dependencies", "service", "throttle", "mails"),
    *("repository", "queries", "hooks", "schemas", "errors", "settings", "models"),
)
"""Layers of a feature, from the top. Each is a file of that name."""
LAYERS = {*PLATFORM, *LAYER_OF_FILE, *OUTSIDE, "main"}


def tables() -> MetaData:
    """Import all models and return their tables."""
    metadata: MetaData = import_module(f"{PACKAGE}.features").TABLES
    return metadata
