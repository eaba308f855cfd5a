"""Before an agent stops: the fast set of checks, once."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECK = [sys.executable, "-m", "tests.architecture.check", "fast"]
"""`make check-fast`."""


def main() -> None:
    """Exit with 2 and what fails on standard error: the agent goes on instead of stopping."""
    if json.load(sys.stdin).get("stop_hook_active"):
        return  # it was told already, and would be told for ever
    done = subprocess.run(CHECK, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- ours
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
