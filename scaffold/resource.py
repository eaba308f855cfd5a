"""Copy a reference feature as a new resource: `make resource NAME=label [IN=project]`.

The code of the reference feature is the template: each of its names is replaced.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from scaffold.checks import find_clashes, find_faults_of_form
from scaffold.names import Resource, plural_of
from scaffold.renaming import Renaming

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
FEATURES = ROOT / "app" / "features.py"

NOTE = Resource("note", "notes")
TAG = Resource("tag", "tags")
PROJECT = Resource("project", "projects")
TASK = Resource("task", "tasks")
NOT_COPIED = ("test_readme.py",)
"""Files that are only about a reference feature."""
ADVICE = """\
All checks pass. Change the fields in models, schemas, factory and tests. Then delete the migration,
and write it again with `make migration`.\
"""


@dataclass(frozen=True)
class Template:
    """Reference feature, and what else is replaced in its code."""

    feature: Resource
    parents: tuple[tuple[Resource, Resource], ...] = ()
    """The parent of the reference feature, and that of the new resource if it is another one."""
    patterns: Mapping[str, str] = field(default_factory=dict)
    """Replacements in the renamed code."""

    def sources(self) -> list[Path]:
        """Return the files that are copied."""
        folders = [ROOT / top / self.feature.plural for top in ("app", "tests")]
        files = chain.from_iterable(sorted(folder.glob("*.py")) for folder in folders)
        return [file for file in files if file.name not in NOT_COPIED]

    def renaming(self, new: Resource) -> Renaming:
        """Return the renaming of the reference feature to the new resource."""
        return Renaming((self.feature, new), *self.parents)

    def code(self, source: str, new: Resource) -> str:
        """Return the code of the new resource for that of the reference feature."""
        code = self.renaming(new).code(source)
        for pattern, replacement in self.patterns.items():
            code = re.sub(pattern, replacement, code)
        return code


TEMPLATES = {
    "": Template(NOTE),
    "project": Template(TAG),
    "task": Template(
        TAG,
        parents=((PROJECT, TASK),),
        patterns={
            r"\bcreate_task\b": "create_shared_task",
            r"/tasks/\{task\.id\}/activity\b": "/projects/{task.project_id}/activity",
            r"\baccess\.task_id\b": "access.project_id",
            r"\bstatements=3\b": "statements=4",
        },
    ),
}
"""Templates by the value of IN."""


def find_faults(template: Template, singular: str, plural: str) -> Iterator[str]:
    """Yield the reasons why this resource cannot be created. The regular plural is empty."""
    yield from find_faults_of_form(singular, plural)
    for needed in (template.feature, *(parent for _, parent in template.parents)):
        if not (ROOT / "app" / needed.plural).is_dir():
            yield f"there is no feature `{needed.plural}`, which the new resource needs"
    new = Resource(singular, plural or plural_of(singular))
    sources = [path.read_text() for path in template.sources()]
    yield from find_clashes(template.feature, new, sources, ROOT)


def run(*command: str | Path) -> str:
    """Run a command in the project, and return its output. Raises CalledProcessError."""
    return subprocess.run(  # noqa: S603 -- our commands
        command,
        cwd=ROOT,
        env={"BIN": str(BIN), "PATH": os.defpath},  # without DATABASE_URL
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout


def add_feature(source: str, feature: str, *, after: str) -> str:
    """Return `app/features.py` with two lines for the feature, each after that of another one."""
    for end in (",\n", ".feature,\n"):
        line = f"    {after}{end}"
        source = source.replace(line, f"{line}    {feature}{end}")
    return source


def write(template: Template, new: Resource) -> list[Path]:
    """Write the new feature and its migration, and return their paths."""
    renaming = template.renaming(new)
    written = []
    for source in template.sources():
        parts = source.relative_to(ROOT).with_suffix("").parts
        path = ROOT.joinpath(*map(renaming.identifier, parts)).with_suffix(".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(template.code(source.read_text(), new))
        written.append(path)
    after = template.parents[0][1] if template.parents else template.feature
    FEATURES.write_text(add_feature(FEATURES.read_text(), new.plural, after=after.plural))
    run(BIN / "ruff", "check", "--fix", "--select=I", "--quiet", *written, FEATURES)
    run(BIN / "ruff", "format", "--quiet", *written)
    migration = ROOT / run("scripts/migration", f"add_{new.plural}").split()[-1]
    run(sys.executable, "-m", "tests.contract.documents")
    return [*written, migration]


def main() -> None:
    """Create the resource, or exit with the reason why it is not possible."""
    singular, parent, plural = sys.argv[1:]
    if (template := TEMPLATES.get(parent)) is None:
        sys.exit(f"IN={parent} is not possible: leave it out, or give IN=project or IN=task.")
    if fault := next(find_faults(template, singular, plural), None):
        sys.exit(f"Nothing was written: {fault}.")
    try:
        written = write(template, Resource(singular, plural or plural_of(singular)))
    except subprocess.CalledProcessError as error:
        advice = (
            "`git status` shows what was written: remove it with `git restore` and `git clean`."
        )
        sys.exit(f"{error.stdout}\nThis command failed: {error.cmd}.\n{advice}")
    for path in written:
        print(f"{len(path.read_text().splitlines()):4} {path.relative_to(ROOT)}")  # noqa: T201 -- a command
    print(ADVICE)  # noqa: T201 -- a command


if __name__ == "__main__":
    main()
