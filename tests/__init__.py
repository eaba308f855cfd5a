"""Test suite. It mirrors the packages of `app/`, and runs on real databases."""

from tests.support.environment import drop_environment

# Must run before any other import, because some modules create settings on import.
drop_environment()
