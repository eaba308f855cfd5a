"""Selection of the tests that a change can break, for `make check`.

A changed feature selects its tests, those of the features that import the changed modules or whose
hooks they handle, and the tests that go through all operations, for the operations of these
features. A file that is not mapped here selects everything.
"""

import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache

import grimp

from tests.architecture.project import PROJECT, ROOT

PACKAGE = PROJECT.package
MAIN_BRANCHES = ("origin/HEAD", "origin/main", "main")
FEATURES_FILE = f"{PACKAGE}/features.py"
COMPOSITION = (f"{PACKAGE}.features", f"{PACKAGE}.main")
"""Modules that import all features, so that their imports do not show which tests need which."""
FOR_ALL_OPERATIONS = ("tests.support.operations", "tests.support.registries")
"""Modules that a test imports if it goes through all operations."""
CONSTITUTION = "tests/architecture/test_constitution.py"
READERS: Mapping[str, tuple[str, ...]] = {
    f"{PACKAGE}/*/models.py": ("tests/migrations",),
    f"{PACKAGE}/*": (
        "tests/contract/test_documents.py",
        "tests/contract/test_tour.py",
        f"{CONSTITUTION}::test_the_edit_of_a_mutation_changes_valid_code_to_valid_code",
        f"{CONSTITUTION}::test_the_examples_of_an_article_exist",
    ),
    **dict.fromkeys(
        (f"{PACKAGE}/accounts/*", f"{PACKAGE}/passwords/*", f"{PACKAGE}/verification/*"),
        (
            *(
                f"tests/security/test_{name}.py"
                for name in ("bursts", "enumeration", "races", "tokens")
            ),
            "tests/contract/test_readme.py",
        ),
    ),
    **dict.fromkeys((f"{PACKAGE}/*/__init__.py", f"{PACKAGE}/*/commands.py"), ("tests/cli",)),
    f"{PACKAGE}/*/settings.py": ("tests/core",),
    "migrations/versions/*.py": ("tests/migrations",),
    "docs/*": ("tests/contract/test_documents.py", "tests/contract/test_tour.py"),
    **dict.fromkeys(("CLAUDE.md", "constitution.md"), ("tests/architecture", "tests/guardrails")),
    "README.md": ("tests/contract", "tests/notes/test_readme.py"),
    **dict.fromkeys(("CHANGELOG.md", "SECURITY.md", "UPGRADING.md"), ("tests/contract",)),
    ".agents*": ("tests/architecture",),
    ".claude*": ("tests/architecture", "tests/guardrails/test_hook.py"),
    ".env.example": ("tests/contract", "tests/core"),
    ".github/*": ("tests/contract",),
    "deploy/*": ("tests/contract", "tests/security/test_roles.py", "tests/http/test_server.py"),
    "docker-compose.yml": ("tests/contract",),
    "Dockerfile": ("tests/contract",),
    "scaffold/*": ("tests/scaffold",),
    # The features that `make resource` copies.
    **dict.fromkeys(
        ("app/notes/*", "tests/notes/*", "app/tags/*", "tests/tags/*"),
        ("tests/scaffold/test_resource.py",),
    ),
    "benchmarks/*": (),
    "clients/*": (),
    "faults/*": (),
    "guardrails/*": (
        *("tests/guardrails", "tests/architecture", "tests/contract"),
        *("tests/migrations/test_examples.py", "tests/migrations/test_history.py"),
    ),
}
"""Tests, or folders of them, by patterns of the files that they read without importing them."""


@dataclass(frozen=True)
class Selection:
    """Part of the suite that a change can break."""

    everything_because: str = ""
    """Reason to run everything. It is empty if the tests below are enough."""
    tests: tuple[str, ...] = ()
    """Paths of test files."""
    features: tuple[str, ...] = ()
    """Features whose operations are called by Schemathesis and the tests for all operations."""


@dataclass
class _Affected:
    modules: set[str] = field(default_factory=set)
    tests: set[str] = field(default_factory=set)
    edited_tests: set[str] = field(default_factory=set)


class _EverythingError(Exception):
    """Raised with the reason if a change can break any test."""


def changed_files() -> dict[str, str] | None:
    """Return the files that differ from the main branch, committed or not, with git's status.

    Return None without a main branch, for example in a shallow clone.
    """
    if (base := _base()) is None:
        return None
    output = _git("diff", "--name-status", "--no-renames", "--relative", "-z", base).split("\0")
    new = _git("ls-files", "--others", "--exclude-standard", "-z").split("\0")[:-1]
    return dict(zip(output[1::2], output[::2], strict=False)) | dict.fromkeys(new, "A")


def select(changed: Mapping[str, str] | None) -> Selection:
    """Return the tests for changed files, whose values are git's status."""
    if changed is None:
        return Selection(everything_because="there is no main branch")
    if not changed:
        return Selection(everything_because="nothing differs from the main branch")
    affected = _Affected()
    try:
        for path, status in changed.items():
            _add(affected, path, status)
        return _follow_imports(affected)
    except _EverythingError as error:
        return Selection(everything_because=str(error))


def _add(affected: _Affected, path: str, status: str) -> None:
    """Add what a changed file affects. Raise _EverythingError if that can be any test."""
    top, _, rest = path.partition("/")
    folder, is_in_folder, _ = rest.partition("/")
    readers = [tests for pattern, tests in READERS.items() if fnmatch(path, pattern)]
    if path == FEATURES_FILE:
        affected.modules |= _modules_of(*_added_features())
    elif top == PACKAGE and is_in_folder and folder in _features():
        affected.modules |= _modules_at(path)
    elif top == "tests" and is_in_folder and folder != "support":
        if fnmatch(path, "*/test_*.py") and (ROOT / path).exists():
            affected.edited_tests |= _test_files([path.removesuffix(".py")])
        elif fnmatch(path, "*/registry.py") and folder not in _features():
            raise _EverythingError(f"{path} changed")
        else:
            affected.tests |= _tests_in(f"tests/{folder}")
            affected.modules |= _modules_at(path)
    elif top == PACKAGE or (top == "migrations" and status != "A") or not readers:
        raise _EverythingError(f"{path} changed")
    for tests in readers:
        affected.tests |= _tests_in(*tests)


def _follow_imports(affected: _Affected) -> Selection:
    changed = {module.split(".")[1] for module in affected.modules} & _features()
    downstream = _downstream(affected.modules | _handled_hooks(affected.modules))
    features = {
        module.split(".")[1] for module in downstream if module.startswith(f"{PACKAGE}.")
    } & _features()
    tests = (
        affected.tests
        | affected.edited_tests
        | _tests_in(*(f"tests/{feature}" for feature in features | changed))
    )
    tests |= _test_files(_downstream(affected.modules | _modules_of(*changed)))
    if features | changed:
        importers = map(_imports().find_modules_that_directly_import, FOR_ALL_OPERATIONS)
        for_all_operations = _test_files(set().union(*importers))
        # The test would run only for the operations of these features.
        if edited := sorted(affected.edited_tests & for_all_operations):
            raise _EverythingError(f"{edited[0]} and a feature changed")
        tests |= for_all_operations
    return Selection(tests=tuple(sorted(tests)), features=tuple(sorted(features | changed)))


@cache
def _imports() -> grimp.ImportGraph:
    graph = grimp.build_graph(PACKAGE, "tests", cache_dir=None)
    for module in COMPOSITION:
        graph.remove_module(module)
    return graph


def _downstream(modules: Iterable[str]) -> set[str]:
    """Return these modules, and those that import them directly or indirectly."""
    return {*modules}.union(*(_imports().find_downstream_modules(module) for module in modules))


def _handled_hooks(modules: set[str]) -> set[str]:
    """Return the modules with the hooks that the features of these modules handle."""
    return {
        imported
        for feature in {module.split(".")[1] for module in modules} & _features()
        for imported in _imports().find_modules_directly_imported_by(f"{PACKAGE}.{feature}")
        if imported.endswith(".hooks")
    }


def _modules_at(path: str) -> set[str]:
    """Return the module of a file. If it has none, for example a template, return the package's."""
    module = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    return {module} if module in _imports().modules else _modules_of(path.split("/")[1])


def _modules_of(*names: str) -> set[str]:
    """Return the modules of features, and of their tests."""
    packages = {f"{top}.{name}" for name in names for top in (PACKAGE, "tests")}
    return {name for name in _imports().modules if ".".join(name.split(".")[:2]) in packages}


def _test_files(modules: Iterable[str]) -> set[str]:
    """Return the paths of the modules that are test files, given their names or paths."""
    paths = {f"{module.replace('.', '/')}.py" for module in modules}
    return {
        path for path in paths if fnmatch(path, "tests/*/test_*.py") and "/browser/" not in path
    }


def _tests_in(*places: str) -> set[str]:
    """Return the test files in folders, and all other places as they are."""
    folders = {place for place in places if (ROOT / place).is_dir()}
    paths = {path for folder in folders for path in (ROOT / folder).rglob("test_*.py")}
    modules = {path.relative_to(ROOT).with_suffix("").as_posix() for path in paths}
    files = {place for place in places if (ROOT / place.partition("::")[0]).is_file()}
    return _test_files(modules) | files


@cache
def _features() -> frozenset[str]:
    folders = {path.parent.name for path in (ROOT / PACKAGE).glob("*/__init__.py")}
    return frozenset(folders - {*PROJECT.platform})


def _added_features() -> set[str]:
    """Return the features whose lines are the only change of `app/features.py`."""
    listed = re.compile(r"(?m)^    (\w+)\.feature,\n")
    before = _git("show", f"{_base()}:./{FEATURES_FILE}")
    now = (ROOT / FEATURES_FILE).read_text()
    added = {*listed.findall(now)} - {*listed.findall(before)}
    for feature in added:
        now = re.sub(rf"(?m)^    {feature}(\.feature)?,\n", "", now)
    if now != before or not added:
        raise _EverythingError(f"{FEATURES_FILE} changed")
    return added


def _base() -> str | None:
    """Return the commit at which the main branch and the current one separate, or None."""
    found = (_git("merge-base", "HEAD", branch).strip() for branch in MAIN_BRANCHES)
    return next(filter(None, found), None)


def _git(*arguments: str) -> str:
    """Return the output of a git command, or nothing if it fails."""
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
