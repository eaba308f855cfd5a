"""Independence of the test suite from the environment variables of the calling shell."""

import os
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]

# List the variables to keep, not those to drop, because a shell can export anything: the settings,
# output formats, the driver's `PG…` and the client's `…_PROXY` are all read from the environment.
KEPT = {
    *("HOME", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "USER"),
    *("BIN", "COVERAGE", "PYTEST_ARGS", "PYTEST_CURRENT_TEST", "VERBOSE"),
}
KEPT_PREFIXES = ("COVERAGE_", "PYTEST_XDIST_", "TEST_")

GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    # Replaces the global configuration, in which a container permits reading another user's clone.
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}


def drop_environment() -> None:
    """Remove all variables that the suite does not need, and set those that affect results."""
    for name in set(os.environ) - KEPT:
        if not name.startswith(KEPT_PREFIXES):
            del os.environ[name]
    # All except TZ are for processes that tests start: `python -m app` in any directory, and git
    # without the user's configuration, which can require signatures or define hooks.
    os.environ |= {"TZ": "UTC", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **GIT}
    time.tzset()
