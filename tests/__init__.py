"""The suite. It mirrors the grid of `app/`, and runs on real databases."""

from tests.environment import drop_environment

# Before any other import: some modules create settings when they are imported.
drop_environment()
