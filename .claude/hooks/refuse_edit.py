"""Hook that rejects edits of files that must not be edited by hand."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = (
    "requirements.txt",
    "requirements-audit.txt",
    "requirements-browser.txt",
    "requirements-dev.txt",
)
VERSIONS = "migrations/versions/"


def reason_against(path: str) -> str | None:
    """Return why the file must not be edited and what to do instead, or None."""
    if path in LOCKS:
        return "is a lock file: change pyproject.toml, then run `make lock`"
    if path == ".env":
        return "holds secrets: document the setting in .env.example, and ask the user to set it"
    if path.startswith(VERSIONS) and is_committed(path):
        return "may have been applied: write a new revision with `make migration NAME=...`"
    return None


def is_committed(path: str) -> bool:
    """Return True if the file is in the last commit, so that other clones may have it."""
    command = ["git", "cat-file", "-e", f"HEAD:./{path}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0  # noqa: S603 -- ours


def main() -> None:
    """Exit with 2 and the reason on standard error, which the agent reads."""
    file = Path(json.load(sys.stdin)["tool_input"].get("file_path", "")).resolve()
    path = file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else ""
    if reason := reason_against(path):
        sys.stderr.write(f"{path} {reason}.\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
