"""Independence of the suite from the environment in which it is started."""

import os
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent

# A list of what is kept, not of what is dropped: a shell can export anything, and the settings, the
# formats of output, the driver's `PG…` and the client's `…_PROXY` are all read from there.
KEPT = {
    *("HOME", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "USER"),
    *("BIN", "COVERAGE", "PYTEST_ARGS", "VERBOSE"),
}
KEPT_PREFIXES = ("COVERAGE_", "PYTEST_", "TEST_")


def drop_environment() -> None:
    """Remove all variables that the suite does not need, and set those that decide results."""
    for name in set(os.environ) - KEPT:
        if not name.startswith(KEPT_PREFIXES):
            del os.environ[name]
    # The last two are for the processes that tests start: `python -m app`, in any directory.
    os.environ |= {"TZ": "UTC", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    time.tzset()
