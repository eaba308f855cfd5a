"""Show that each article of the constitution is checked: `make articles`.

For each rule and each mutation, a copy of the project is edited so that it violates the article,
and checked. Without TEST_DATABASE_URL, mutations that only PostgreSQL notices are left out.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from sqlalchemy import make_url

from tests.architecture.__main__ import RULES
from tests.architecture.edits import applied
from tests.architecture.mutations import MUTATIONS, Mutation
from tests.architecture.project import ROOT
from tests.architecture.rules import Rule, SourceRule, TextRule
from tests.architecture.selection import select

FOLDERS = (
    *("app", "tests", "migrations", "scaffold", "benchmarks", "deploy", "docs", "faults"),
    *("scripts", ".claude", ".claude-plugin", ".github"),
)
FILES = ("*.md", "*.toml", "*.ini", "*.txt", "*.yml", "Makefile", "Dockerfile", ".env.example")
ARTICLE = re.compile(r"(?ms)^\*\*(\d+)\. (.+?)\*\*.*?\*Held by\*(.+?)(?=^\*\*\d|^## |\Z)")
WORKERS = 2
POSTGRESQL = os.environ.get("TEST_DATABASE_URL")


def copy_to(root: Path) -> Path:
    """Copy everything that the rules read to this folder, and return it."""
    for folder in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored, dirs_exist_ok=True)
    for pattern in FILES:
        for file in ROOT.glob(pattern):
            shutil.copy(file, root, follow_symlinks=False)
    return root


def mutation_of(rule: Rule) -> Mutation:
    """Return the edit of a rule, with the command that checks the edited file."""
    expected = re.escape(f"(article {rule.article}; example: {rule.example})")
    # A process of its own imports the application again, for the rules about the API and tables.
    files = [rule.edit.path] if isinstance(rule, SourceRule | TextRule) else []
    command = (sys.executable, "-m", "tests.architecture", *files)
    return Mutation(rule.article, rule.edit, command, expected)


def narrowed(mutation: Mutation) -> Mutation:
    """Return the mutation with the part of its test that `make check` runs for the edited file.

    All other checks are always complete. Raise LookupError if `make check` does not run the test.
    """
    selection = select({mutation.edit.path: "M"})
    if "pytest" not in mutation.command or selection.everything_because:
        return mutation
    if mutation.command[-1] not in selection.tests:
        raise LookupError(f"A change of {mutation.edit.path} must select {mutation.command[-1]}.")
    return replace(
        mutation, command=(*mutation.command, f"--features={','.join(selection.features)}")
    )


def is_caught(mutation: Mutation, root: Path) -> bool:
    """Return True if the command fails as expected after the edit of the copy."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TEST_")
    }
    if mutation.on_postgresql and POSTGRESQL:
        url = make_url(POSTGRESQL).set(database="articles_test")
        environment["TEST_DATABASE_URL"] = url.render_as_string(hide_password=False)
    with applied(mutation.edit, root):
        done = subprocess.run(
            mutation.command,
            cwd=root,
            env={**environment, "PYTHONPATH": ".", "COLUMNS": "400"},
            capture_output=True,
            text=True,
            check=False,
        )
    output = done.stdout + done.stderr
    return done.returncode != 0 and re.search(mutation.expected, output) is not None


def uncaught(mutations: list[Mutation]) -> list[Mutation]:
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

        results = list(threads.map(check, mutations))
    return [mutation for mutation, caught in zip(mutations, results, strict=True) if not caught]


def main() -> None:
    mutations = [*map(mutation_of, RULES), *map(narrowed, MUTATIONS)]
    possible = [mutation for mutation in mutations if POSTGRESQL or not mutation.on_postgresql]
    missed = uncaught(possible)
    for number, article, held_by in ARTICLE.findall((ROOT / "constitution.md").read_text()):
        own = [mutation for mutation in mutations if mutation.article == int(number)]
        tried = [mutation for mutation in own if mutation in possible]
        caught = len(tried) - sum(mutation in missed for mutation in own)
        result = f"{caught}/{len(tried)} caught" if tried else "-"
        if len(tried) < len(own):
            result = "needs PostgreSQL"
        held = " ".join(held_by.split())
        print(f"{number:>2}  {result:16}  {' '.join(article.split())}  <- {held}")  # noqa: T201 -- a command
    names = [
        f"article {mutation.article}, {mutation.edit.path}: {mutation.expected}"
        for mutation in missed
    ]
    sys.exit("Not caught:\n" + "\n".join(names) if missed else 0)


if __name__ == "__main__":
    main()
