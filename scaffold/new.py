"""Turn a fresh clone into a service of your own: `make new NAME=acme [EXAMPLE=no] [WITHOUT="seed"]`.

It renames the service, removes features, replaces the migrations by one, and replaces the README,
the changelog and the decision records by short ones. The remote `origin` becomes `upstream`. At the
end it removes itself.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scaffold import migrations, texts

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
NAMES = ROOT / "app" / "core" / "names.py"
UPSTREAM = ROOT / "UPSTREAM"
INSTALLED = ROOT / ".venv" / ".installed"
EXAMPLE = ("members", "projects", "seed", "tags", "tasks")
FOLDERS = ("app", "tests", "benchmarks", "clients/typescript/tests")
FORM = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
FOR_ORIGINAL = (
    "UPGRADING.md",
    "scaffold/new.py",
    "scaffold/migrations.py",
    "scaffold/texts.py",
    "scripts/with-new",
    "tests/scaffold/test_new.py",
    "tests/architecture/test_plugin.py",
    "tests/guardrails/test_hook.py",
)
"""Files that only the original needs. Two are about the plugin, in the folder below."""
PLUGIN = ".claude-plugin"
KEPT = ("LICENSE", "UPSTREAM")
"""Files in which the name of the original stays."""


@dataclass(frozen=True)
class Name:
    """Name of a service, in lower case with underscores or hyphens."""

    value: str

    @property
    def identifier(self) -> str:
        """Form for databases, metrics, roles and packages."""
        return self.value.replace("-", "_")

    @property
    def title(self) -> str:
        """Form for people."""
        return " ".join(word.capitalize() for word in re.split("[_-]", self.value))

    @property
    def type(self) -> str:
        """Form for types."""
        return self.title.replace(" ", "")

    def rename(self, text: str, old: "Name") -> str:
        """Return the text with the old name replaced in each of its forms."""
        text = text.replace(old.identifier, self.identifier)
        text = text.replace(
            ": people and agents imitate its code. `constitution", ". `constitution"
        )
        text = text.replace("A reference FastAPI backend", "A FastAPI backend")
        text = re.sub(rf"(?<=[a-z]){old.type}|\b{old.type}(?=[,;<>]| =| \{{)", self.type, text)
        return text.replace(old.title, self.title)


def git(*arguments: str) -> str:
    """Return the output of a git command."""
    return run("git", *arguments, check=True)


def run(*command: str, check: bool = False) -> str:
    """Return the output of a command in the project."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment["BIN"] = str(BIN)
    done = subprocess.run(  # noqa: S603 -- our commands
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=check
    )
    return done.stdout


def find_faults(name: str, example: str, removed: set[str]) -> Iterator[str]:
    """Yield the reasons why the service cannot be made."""
    if not FORM.fullmatch(name):
        yield "give a name in lower case, such as NAME=acme"
    if example not in ("", "yes", "no"):
        yield f"EXAMPLE={example} is not possible: leave it out, or give EXAMPLE=yes or EXAMPLE=no"
    if UPSTREAM.exists():
        yield "this is a service of your own already, as the file UPSTREAM says"
    try:
        if git("status", "--porcelain"):
            yield "commit or stash your changes first, so that git can undo this command"
    except subprocess.CalledProcessError as error:
        reason = error.stderr.partition("\n")[0]
        yield f"run it in a clone, so that git can undo it (`git status` says: {reason})"
    yield from find_faults_of_removal(removed)


def find_faults_of_removal(removed: set[str]) -> Iterator[str]:
    """Yield the reasons why these features cannot be removed."""
    if "notes" in removed:
        yield (
            "`make resource` copies `notes`, and docs/tour.md explains it: remove it later, as "
            "README.md describes"
        )
    features = {path.parent.name for path in ROOT.glob("app/*/__init__.py")}
    for feature in sorted(removed - features):
        yield f"there is no feature `{feature}`"
    for feature in sorted(removed & features):
        for user in sorted(users_of(feature) - removed):
            yield f"`{user}` uses `{feature}`: add it to WITHOUT, or keep `{feature}`"


def users_of(feature: str) -> set[str]:
    """Return the folders of `app/` and `tests/` with code that imports a feature or its tests."""
    imports = re.compile(rf"(?m)^\s*(from|import) (app|tests)\.{feature}\b")
    paths = [path for top in ("app", "tests") for path in (ROOT / top).rglob("*.py")]
    return {
        path.relative_to(ROOT).parts[1] for path in paths if imports.search(path.read_text())
    } - {feature}


def remove(features: Iterable[str]) -> set[str]:
    """Remove features, and return the names of their tables."""
    tables = set()
    listed = ROOT / "app" / "features.py"
    for feature in features:
        models = ROOT / "app" / feature / "models.py"
        if models.exists():
            tables |= {*re.findall(r'__tablename__ = "(\w+)"', models.read_text())}
        for folder in FOLDERS:
            shutil.rmtree(ROOT / folder / feature, ignore_errors=True)
        listed.write_text(re.sub(rf"(?m)^    {feature}[,.].*\n", "", listed.read_text()))
    return tables


def rename(old: Name, new: Name) -> None:
    """Replace the name in all files of the repository."""
    for path in git("ls-files").splitlines():
        file = ROOT / path
        if path not in KEPT and file.is_file() and not file.is_symlink():
            try:
                before = file.read_text()
            except UnicodeDecodeError:
                continue
            if (after := new.rename(before, old)) != before:
                file.write_text(after)


def rename_origin() -> Iterator[str]:
    """Rename the remote of the original to `upstream`, and yield what to do then.

    Otherwise the checks would compare each change with the main branch of the original.
    """
    remotes = git("remote").split()
    if "origin" in remotes and "upstream" not in remotes:
        git("remote", "rename", "origin", "upstream")
        yield "The remote `origin` is now `upstream`. Add yours: `git remote add origin URL`."


def print_size() -> None:
    """Print the number of files and lines that remain."""
    listed = git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    for folder in ("app", "tests", ""):
        suffix = ".py" if folder else ".md"
        files = [
            ROOT / path for path in listed if path.startswith(folder) and path.endswith(suffix)
        ]
        lines = [len(file.read_text().splitlines()) for file in files if file.is_file()]
        print(f"{folder or 'texts':6} {len(lines):4} files {sum(lines):6} lines")  # noqa: T201 -- a command


def main() -> None:
    """Create the service, or exit with the reason why it is not possible."""
    value, example, without = sys.argv[1:]
    removed = {*without.split(), *(EXAMPLE if example == "no" else ())}
    if faults := list(find_faults(value, example, removed)):
        sys.exit("Nothing was changed:\n" + "\n".join(f"- {fault}." for fault in faults))
    [current] = re.findall(r'(?m)^NAME = "(.+)"', NAMES.read_text())
    old, new = Name(current), Name(value)
    origin = f"{old.title} {texts.version(ROOT)} ({git('rev-parse', '--short', 'HEAD').strip()})"

    tables = remove(sorted(removed))
    migrations.replace_all(ROOT / "migrations" / "versions", without=tables)
    for path in FOR_ORIGINAL:
        (ROOT / path).unlink(missing_ok=True)
    shutil.rmtree(ROOT / PLUGIN)
    rename(old, new)
    INSTALLED.touch()  # newer than the lock, of which only comments have changed
    texts.shorten(ROOT, title=new.title, origin=origin, removed=removed)
    UPSTREAM.write_text(f"{origin}\n")
    try:
        run("make", "docs", "format", check=True)
        texts.remove_names(ROOT, lambda: run(sys.executable, "-m", "guardrails"))
        run("make", "docs", check=True)
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.stderr}This command failed: {' '.join(error.cmd)}.")
    print_size()
    advice = [*rename_origin(), "Next: `make check-all`, then read README.md and commit."]
    print("\n".join(advice))  # noqa: T201 -- a command


if __name__ == "__main__":
    main()
