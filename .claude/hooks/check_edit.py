"""Hook that formats a file after an edit, and runs the checks that apply to it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def commands_for(path: str) -> list[list[str]]:
    """Return the commands that apply to the file, the fastest first."""
    rules = [sys.executable, "-m", "guardrails", "check", "--format=agent", path]
    if not path.endswith(".py"):
        return [rules] if path.endswith(".md") else []
    ruff = str(BIN / "ruff")
    return [[ruff, "format", "--quiet", path], [ruff, "check", "--quiet", path], rules]


def main() -> None:
    """Exit with 2 and the failures on standard error, which the agent reads."""
    file = Path(json.load(sys.stdin)["tool_input"].get("file_path", "")).resolve()
    if not file.is_relative_to(ROOT) or not file.is_file():
        return
    path = file.relative_to(ROOT).as_posix()
    for command in commands_for(path):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- ours
        if done.returncode:
            sys.stderr.write(done.stdout + done.stderr)
            sys.exit(2)


if __name__ == "__main__":
    main()
