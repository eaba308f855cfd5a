"""Independence of the suite from the environment in which it is started."""

import os
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent

# A list of what is kept, not of what is dropped: a shell can export anything, and the settings, the
# formats of output, the driver's `PG…` and the client's `…_PROXY` are all read from there.
KEPT = {
    *("HOME", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "USER"),
    *("BIN", "COVERAGE", "PYTEST_ARGS", "PYTEST_CURRENT_TEST", "VERBOSE"),
}
KEPT_PREFIXES = ("COVERAGE_", "PYTEST_XDIST_", "TEST_")

GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    # The global configuration is where a container allows git to read another user's clone.
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}


def drop_environment() -> None:
    """Remove all variables that the suite does not need, and set those that decide results."""
    for name in set(os.environ) - KEPT:
        if not name.startswith(KEPT_PREFIXES):
            del os.environ[name]
    # All except TZ are for the processes that tests start: `python -m app` in any directory, and
    # git without the user's configuration, which can require signatures or name hooks.
    os.environ |= {"TZ": "UTC", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **GIT}
    time.tzset()
