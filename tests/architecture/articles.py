"""Show that each article of the constitution is checked: `make articles`.

Each rule must report a violation (see `guardrails/proof.py`). For each mutation, a copy of the
project is edited so that it violates the article, and checked. Without TEST_DATABASE_URL, mutations
that only PostgreSQL notices are left out.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from sqlalchemy import make_url

from guardrails.articles import read_articles
from guardrails.proof import unproved
from guardrails.registry import all_rules
from guardrails.rules import Rule
from tests.architecture.edits import applied
from tests.architecture.mutations import MUTATIONS, Mutation
from tests.architecture.project import PROJECT, ROOT
from tests.architecture.selection import select

FOLDERS = (
    *("app", "guardrails", "tests", "migrations", "scaffold", "benchmarks", "deploy", "docs"),
    *("faults", "scripts", ".claude", ".claude-plugin", ".github"),
)
FILES = ("*.md", "*.toml", "*.ini", "*.txt", "*.yml", "Makefile", "Dockerfile", ".env.example")
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


def count_articles(rules: list[Rule], mutations: list[Mutation]) -> Counter[int]:
    """Return the number of these rules and mutations of each article."""
    return Counter([rule.article for rule in rules] + [one.article for one in mutations])


def main() -> None:
    possible = [mutation for mutation in MUTATIONS if POSTGRESQL or not mutation.on_postgresql]
    missed = uncaught([*map(narrowed, possible)])
    missed_rules = [*unproved(PROJECT)]
    tried = count_articles(all_rules(PROJECT), possible)
    not_caught = count_articles(missed_rules, missed)
    left_out = {mutation.article for mutation in MUTATIONS} - {one.article for one in possible}
    for number, article in read_articles(PROJECT).items():
        caught = tried[number] - not_caught[number]
        result = f"{caught}/{tried[number]} caught" if tried[number] else "-"
        if number in left_out:
            result = "needs PostgreSQL"
        print(f"{number:>2}  {result:16}  {article.title}  <- {article.held_by}")  # noqa: T201 -- a command
    names = [f'article {rule.article}, rule "{rule.name}"' for rule in missed_rules]
    names += [f"article {one.article}, {one.edit.path}: {one.expected}" for one in missed]
    sys.exit("Not caught:\n" + "\n".join(names) if names else 0)


if __name__ == "__main__":
    main()
