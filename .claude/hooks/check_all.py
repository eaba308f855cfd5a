"""Hook that checks the whole change before an agent stops."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from refuse_edit import LOCKS, VERSIONS

ROOT = Path(__file__).resolve().parents[2]
CHECK = [sys.executable, "-m", "tests.architecture.check", "fast"]
"""Command of `make check-fast`."""
MAIN_BRANCHES = ("origin/HEAD", "origin/main", "main")


def git(*arguments: str) -> str:
    """Return the output of a git command, or nothing if it fails, as outside a repository."""
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- ours
    return done.stdout.strip("\0\n") if done.returncode == 0 else ""


def bases() -> Iterator[str]:
    """Yield the commits that the change is compared with, the last commit last."""
    for branch in MAIN_BRANCHES:
        if base := git("merge-base", "HEAD", branch):
            yield base[:12]
            break
    yield "HEAD"


def protected_changes() -> Iterator[str]:
    """Yield a message for each change that bypassed `refuse_edit`, such as one by a command."""
    changed = {
        path: base
        for base in bases()
        for path in git(
            "diff", "--name-only", "--diff-filter=a", "--no-renames", "--relative", "-z", base
        ).split("\0")
    }
    for path, base in sorted(changed.items()):
        restore = f"restore it with `git checkout {base} -- {path}`"
        if path.startswith(VERSIONS):
            yield f"{path} may have been applied: {restore}, and write a new revision."
        elif path in LOCKS and "pyproject.toml" not in changed:
            yield f"{path} changed without pyproject.toml: unless `make lock` wrote it, {restore}."
    if git("ls-files", ".env"):
        yield ".env holds secrets and must not be in git: remove it with `git rm --cached .env`."


def main() -> None:
    """Exit with 2 and the failures on standard error, so that the agent continues."""
    if json.load(sys.stdin).get("stop_hook_active"):
        return  # the agent has already read the failures, and could otherwise never stop
    done = subprocess.run(CHECK, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- ours
    failures = "".join(f"{message}\n" for message in protected_changes())
    if done.returncode:
        failures += done.stdout + done.stderr
    if failures:
        sys.stderr.write(failures)
        sys.exit(2)


if __name__ == "__main__":
    main()
