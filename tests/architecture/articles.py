"""The articles, what holds each, and whether it notices: `make articles`.

For each rule a copy of the project is edited so that it breaks the rule, and checked.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.architecture.__main__ import RULES
from tests.architecture.rules import ROOT, DocumentRule, SourceRule, TextRule

FOLDERS = ("app", "tests", "migrations", ".claude")
FILES = ("*.md", "*.toml", "Makefile", ".env.example")
ARTICLE = re.compile(r"(?ms)^\*\*(\d+)\. (.+?)\*\*.*?\*Held by\*(.+?)(?=^\*\*\d|^## |\Z)")


def copy_to(root: Path) -> Path:
    """Put there a copy of all that the rules read."""
    for folder in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored, dirs_exist_ok=True)
    for pattern in FILES:
        for file in ROOT.glob(pattern):
            shutil.copy(file, root)
    return root


def is_caught(rule: SourceRule | DocumentRule | TextRule, root: Path) -> bool:
    """Whether the rules notice the edit of this one, in the copy."""
    path = root / rule.edit.path
    before = path.read_text()
    rule.edit.apply(root)
    try:
        # In a process of its own: the application is imported anew.
        command = [sys.executable, "-m", "tests.architecture"]
        output = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    finally:
        path.write_text(before)
    return f"(article {rule.article}; right form: {rule.see})" in output.stdout


def main() -> None:
    """Print the table; exit with 1 if a rule notices nothing."""
    lines, missed = [], []
    with tempfile.TemporaryDirectory() as directory:
        root = copy_to(Path(directory))
        for number, rule_of_article, held_by in ARTICLE.findall(
            (ROOT / "constitution.md").read_text()
        ):
            own = [rule for rule in RULES if rule.article == int(number)]
            unseen = [rule.name for rule in own if not is_caught(rule, root)]
            missed += unseen
            caught = f"{len(own)} broken, {'MISSED' if unseen else 'caught'}" if own else "-"
            held = " ".join(held_by.split())
            lines.append(f"{number:>2}  {caught:18} {' '.join(rule_of_article.split())}  <- {held}")
    print("\n".join(lines))  # noqa: T201 -- a command
    sys.exit(f"Not caught: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
