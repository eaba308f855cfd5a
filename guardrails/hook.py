"""Hook of an agent, which reports the articles that an edit breaks: `python3 -m guardrails.hook`.

Reads the call of the agent's tool as JSON from standard input, as Claude Code sends it. Checks only
projects whose `pyproject.toml` contains `[tool.guardrails]`.
"""

import json
import sys
from pathlib import Path

from guardrails.baseline import without_recorded
from guardrails.project import ConfigurationError, find_root, read_project
from guardrails.registry import violations_in_files
from guardrails.report import for_agents


def check_edit(file: Path) -> list[str]:
    """Return the lines that the agent must read after the edit of a file.

    Raise ConfigurationError if the file is in a project with a wrong configuration.
    """
    try:
        root = find_root(file.parent)
    except ConfigurationError:
        return []
    if "[tool.guardrails" not in (root / "pyproject.toml").read_text(encoding="utf-8"):
        return []
    project = read_project(root)
    found = violations_in_files(project, {file.relative_to(root).as_posix()})
    return [*for_agents(without_recorded(project, found), project)]


def main() -> int:
    """Print the violations on standard error and return 2, so that the agent reads them."""
    file = json.load(sys.stdin)["tool_input"].get("file_path")
    try:
        lines = check_edit(Path(file).resolve()) if file else []
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    sys.stderr.writelines(f"{line}\n" for line in lines)
    return 2 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
