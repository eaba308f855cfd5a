"""The articles, what holds each, and whether it notices: `make articles`.

For each rule and each mutation a copy of the project is edited so that it breaks the article, and
checked. Without TEST_DATABASE_URL, what takes PostgreSQL to notice is left out, and said to be.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from sqlalchemy import make_url

from tests.architecture.__main__ import RULES
from tests.architecture.mutations import MUTATIONS, Mutation
from tests.architecture.rules import ROOT, Rule, SourceRule, TextRule

FOLDERS = (
    *("app", "tests", "migrations", "benchmarks", "deploy", "docs", "faults", "scripts"),
    *(".claude", ".claude-plugin", ".github"),
)
FILES = ("*.md", "*.toml", "*.ini", "*.txt", "*.yml", "Makefile", "Dockerfile", ".env.example")
ARTICLE = re.compile(r"(?ms)^\*\*(\d+)\. (.+?)\*\*.*?\*Held by\*(.+?)(?=^\*\*\d|^## |\Z)")
WORKERS = 2
POSTGRESQL = os.environ.get("TEST_DATABASE_URL")


def copy_to(root: Path) -> Path:
    """Put there a copy of all that the rules read."""
    for folder in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored, dirs_exist_ok=True)
    for pattern in FILES:
        for file in ROOT.glob(pattern):
            shutil.copy(file, root, follow_symlinks=False)
    return root


def mutation_of(rule: Rule) -> Mutation:
    """The edit of a rule, and the command that runs what concerns it."""
    told = re.escape(f"(article {rule.article}; right form: {rule.see})")
    # In a process of its own, where the application is imported anew if the rule is about that.
    files = [rule.edit.path] if isinstance(rule, SourceRule | TextRule) else []
    command = (sys.executable, "-m", "tests.architecture", *files)
    return Mutation(rule.article, rule.edit, command, told)


def is_caught(mutation: Mutation, root: Path) -> bool:
    """Whether the edit, made in the copy, is noticed."""
    path = root / mutation.edit.path
    before = path.read_text()
    mutation.edit.apply(root)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TEST_")
    }
    if mutation.on_postgresql and POSTGRESQL:
        url = make_url(POSTGRESQL).set(database="articles_test")
        environment["TEST_DATABASE_URL"] = url.render_as_string(hide_password=False)
    try:
        done = subprocess.run(
            mutation.command,
            cwd=root,
            env={**environment, "PYTHONPATH": ".", "COLUMNS": "400"},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        path.write_text(before)
    return done.returncode != 0 and re.search(mutation.told, done.stdout + done.stderr) is not None


def unnoticed(mutations: list[Mutation]) -> list[Mutation]:
    """Those of the mutations that nothing notices."""
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(WORKERS) as threads:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(WORKERS):
            copies.put(copy_to(Path(directory) / str(number)))

        def check(mutation: Mutation) -> bool:
            root = copies.get()
            try:
                return is_caught(mutation, root)
            finally:
                copies.put(root)

        caught = list(threads.map(check, mutations))
    return [each for each, noticed in zip(mutations, caught, strict=True) if not noticed]


def main() -> None:
    """Print the table; exit with 1 if something is not noticed."""
    mutations = [*map(mutation_of, RULES), *MUTATIONS]
    possible = [each for each in mutations if POSTGRESQL or not each.on_postgresql]
    missed = unnoticed(possible)
    for number, rule, held_by in ARTICLE.findall((ROOT / "constitution.md").read_text()):
        own = [each for each in mutations if each.article == int(number)]
        tried = [each for each in own if each in possible]
        caught = len(tried) - sum(each in missed for each in own)
        result = f"{caught}/{len(tried)} caught" if tried else "-"
        if len(tried) < len(own):
            result = "needs PostgreSQL"
        held = " ".join(held_by.split())
        print(f"{number:>2}  {result:16}  {' '.join(rule.split())}  <- {held}")  # noqa: T201 -- a command
    names = [f"article {each.article}, {each.edit.path}: {each.told}" for each in missed]
    sys.exit("Not caught:\n" + "\n".join(names) if missed else 0)


if __name__ == "__main__":
    main()
