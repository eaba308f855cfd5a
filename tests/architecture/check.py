"""Run checks: `python -m tests.architecture.check [fast|static|all]`, or `make check`.

Without an argument, run the checks that the change against the main branch can break. On success,
print one line. On failure, list what to fix, each with the article and an example. With VERBOSE=1,
print the whole output of the tests.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.architecture import failures
from tests.architecture.project import PROJECT, ROOT
from tests.architecture.selection import Selection, changed_files, select

BIN = Path(sys.executable).parent
SUCCESS = "All checks passed"
MAX_LINES = 10
"""Maximum number of failures shown for each step."""
CLOSING = re.compile(r"(?m)(\d+ (?:passed|failed).*? in [\d.]+s)")
SERVERS = ("TEST_DATABASE_URL", "TEST_REDIS_URL")
READ_BY_PYTHON = ("PYTHON", "PYTEST_")
"""Prefixes of environment variables that would change what the checks run."""
CLIENT = "clients/typescript"


@dataclass(frozen=True)
class Step:
    """Command, and a function that finds the failures in its output."""

    name: str
    command: tuple[str, ...]
    failures: Callable[[str], Iterator[str]] = lambda _: iter(())
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of the command, in addition to those of the process."""


RUFF = f"{BIN}/ruff"
RULES = (sys.executable, "-m", "guardrails", "check", "--only")
FORMAT = [
    Step("format", (RUFF, "format", "--quiet", ".")),
    # Unused imports stay, because the code that needs them may not be written yet.
    Step("format", (RUFF, "check", "--fix", "--unfixable=F401", "--silent", ".")),
    Step("format", (RUFF, "format", "--quiet", ".")),
]
CHECK_FORMAT = Step(
    "format",
    (RUFF, "format", "--check", "--output-format=concise", "."),
    failures.of_format,
)
FAST = [
    Step("rules", (*RULES, "files"), failures.of_rules),
    Step("rules of the application", (*RULES, "application"), failures.of_rules),
    Step("lint", (RUFF, "check", "--output-format=concise", "."), failures.of_ruff),
]
STATIC = [
    Step("types", (f"{BIN}/mypy", "--no-error-summary"), failures.of_types),
    *FAST,
    Step("imports", (f"{BIN}/lint-imports", "--no-cache"), failures.of_imports),
]
EVERYTHING = [
    Step("tests", ("scripts/test",), failures.of_tests, {"COVERAGE": "1"}),
    Step("conformance", ("scripts/conformance", "--no-color"), failures.of_conformance),
]


def steps_for(selection: Selection) -> list[Step]:
    """Return the steps that run a part of the suite. They can run at the same time."""
    options = ("--show-capture=no", f"--features={','.join(selection.features)}")
    pytest = (sys.executable, "-m", "pytest", *options, *selection.tests)
    without_servers = ("env", *(f"--unset={name}" for name in SERVERS))
    steps = [Step("tests on SQLite", (*without_servers, *pytest), failures.of_tests)]
    if all(name in os.environ for name in SERVERS):
        steps.append(Step("tests on PostgreSQL + Redis", pytest, failures.of_tests))
    if tags := tags_of(selection.features):
        conformance = EVERYTHING[1]
        command = (*conformance.command, *narrowed(tags))
        steps.append(replace(conformance, command=command))
        if (ROOT / CLIENT / "node_modules").exists():
            steps.append(Step("lint of the OpenAPI document", ("make", "--silent", "client-lint")))
    return steps if selection.tests else []


def tags_of(features: Sequence[str]) -> list[str]:
    """Return the tags in the OpenAPI document of these features' routers."""
    routers = [ROOT / PROJECT.package / feature / "router.py" for feature in features]
    texts = [router.read_text() for router in routers if router.exists()]
    return sorted({tag for text in texts for tag in re.findall(r'\btag="(\w+)"', text)})


def narrowed(tags: list[str]) -> list[str]:
    """Return the options of Schemathesis for the operations with these tags."""
    # The stateful phase takes as long as the others, and combines operations of all features.
    return ["--phases=examples,coverage,fuzzing", *(f"--include-tag={tag}" for tag in tags)]


def run(step: Step) -> tuple[bool, str]:
    """Return True if the command succeeds, and its output."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(READ_BY_PYTHON)
    }
    variables = {"PYTHONPATH": ".", "COLUMNS": "200", "BIN": str(BIN), **step.variables}
    with subprocess.Popen(
        step.command,
        cwd=ROOT,
        env={**inherited, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if "tests" in step.name and os.environ.get("VERBOSE"):
                print(line, end="", flush=True)  # noqa: T201 -- a command
    return process.returncode == 0, "".join(lines)


def report(step: Step, output: str) -> str:
    found = list(step.failures(output))
    # The end of the output, if its format is unknown.
    shown = found[:MAX_LINES] or output.splitlines()[-MAX_LINES:]
    if len(found) > MAX_LINES:
        shown.append(f"... and {len(found) - MAX_LINES} more")
    if "tests" in step.name and found and "::" in found[0]:
        shown.append(f'Full output: make test PYTEST_ARGS="{found[0].split(" ")[0]}"')
    return "\n".join([f"{step.name}:", *shown])


def run_all(steps: list[Step], *, at_once: int) -> tuple[list[str], list[str]]:
    """Run the steps. Return the reports of those that fail, and a summary of each that succeeds."""
    with ThreadPoolExecutor(at_once) as threads:
        results = list(zip(steps, threads.map(run, steps), strict=True))
    failed = [report(step, output) for step, (succeeded, output) in results if not succeeded]
    passed = [
        ": ".join([step.name, *CLOSING.findall(output)])
        for step, (succeeded, output) in results
        if succeeded
    ]
    return failed, passed


def check(static: list[Step], select_tests: Callable[[], Selection] | None) -> Iterator[str]:
    """Yield the failures, or a summary. Select and run tests only if all static checks succeed."""
    failed, passed = run_all(static, at_once=2)
    if select_tests is None or failed:
        yield from failed or [f"{SUCCESS}: {', '.join(passed)}"]
        return
    selection = select_tests()
    parts = EVERYTHING if selection.everything_because else steps_for(selection)
    failed, tested = run_all(parts, at_once=1 if parts is EVERYTHING else 4)
    yield from failed or [
        f"{SUCCESS}: {', '.join(passed)}; {'; '.join([*tested, scope(selection)])}"
    ]


def scope(selection: Selection) -> str:
    """Return what ran and why, and what is left to CI."""
    servers = (
        ""
        if all(name in os.environ for name in SERVERS)
        else f" (SQLite only: set {SERVERS[0]} and {SERVERS[1]} for the rest)"
    )
    if reason := selection.everything_because:
        return f"ran everything{servers}, because {reason}"
    features = f" of {', '.join(selection.features)}" if selection.features else ""
    return f"ran what the change{features} can break{servers}; CI runs `make check-all`"


def main() -> None:
    choice = sys.argv[1] if len(sys.argv) > 1 else "changed"
    if choice in ("static", "all"):
        static = [CHECK_FORMAT, *STATIC]
    else:
        run_all(FORMAT, at_once=1)
        static = FAST if choice == "fast" else STATIC
    selections: dict[str, Callable[[], Selection]] = {
        "all": lambda: Selection(everything_because="CI does"),
        "changed": lambda: select(changed_files()),
    }
    lines = list(check(static, selections.get(choice)))
    print("\n".join(lines))  # noqa: T201 -- a command
    sys.exit(not lines[-1].startswith(SUCCESS))


if __name__ == "__main__":
    main()
