"""Run all checks: `python -m tests.architecture.check [fast|lint|all]`, or `make check`.

On success, print one line. On failure, list what to fix, in order, each with the article and an
example. With VERBOSE=1, print the whole output of the test suite.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.architecture.project import ROOT

BIN = Path(sys.executable).parent
SUCCESS = "All checks passed"
MAX_LINES = 10
"""Maximum number of failures shown for each step."""
ARTICLE = re.compile(r"(?ms)^\*\*(\d+)\. .+?(?=^\*\*\d|^## |\Z)")
SEE = re.compile(r"(?s)\*See\* (.+?)\.\s+\*Held")
CLOSING = re.compile(r"(?m)(\d+ (?:passed|failed).*? in [\d.]+s)")


@cache
def articles() -> dict[str, str]:
    """Return the text of each article by its number."""
    text = (ROOT / "constitution.md").read_text()
    return {match[1]: match[0] for match in ARTICLE.finditer(text)}


def article_held_by(*patterns: str) -> str:
    """Return the article whose *Held by* matches the first pattern that matches any."""
    for pattern in patterns:
        for number, text in articles().items():
            if re.search(pattern, text.partition("*Held by*")[2]):
                return with_example(number)
    return ""


def with_example(number: str) -> str:
    see = SEE.search(articles()[number])
    return f"(article {number}; example: {see[1]})" if see else f"(article {number})"


def failures_of_format(output: str) -> Iterator[str]:
    for path in re.findall(r"(?m)^(\S+?):\d+:\d+: unformatted", output):
        yield f"{path}: run `make format`"


def failures_of_ruff(output: str) -> Iterator[str]:
    for location, group, number, message in re.findall(
        r"(?m)^(\S+?:\d+):\d+: ([A-Z]+)(\d+) (.+)$", output
    ):
        article = article_held_by(
            rf"ruff\b.*\b{group}{number}\b", rf"ruff\b.*\b{group}\b", r"ruff \("
        )
        yield f"{location}: {group}{number} {message} {article}"


def failures_of_rules(output: str) -> Iterator[str]:
    yield from re.findall(r"(?m)^.+ \(article \d+; example: .+\)$", output)


def failures_of_types(output: str) -> Iterator[str]:
    for line in re.findall(r"(?m)^\S+:\d+: error: .+$", output):
        yield f"{line} {article_held_by('mypy')}"


def failures_of_imports(output: str) -> Iterator[str]:
    _, _, broken = output.partition("Broken contracts\n----------------\n")
    for contract, imports in re.findall(r"(?ms)^(\S.+?)\n-{9,}\n(.+?)(?:\n\n\n|\Z)", broken):
        prefixes = [f'"{re.escape(contract[:length])}"' for length in range(len(contract), 3, -1)]
        for line in re.findall(r"(?m)^- +(.+)$", imports):
            yield f"{line}: {contract} {article_held_by(*prefixes)}"


def failures_of_tests(output: str) -> Iterator[str]:
    for line in sorted(set(re.findall(r"(?m)^(?:FAILED|ERROR) (.+)$", output))):
        path = line.partition("::")[0]
        folder = path.rpartition("/")[0]
        yield f"{line} {article_held_by(re.escape(path), f'{re.escape(folder)}/`')}"
    for line in re.findall(r"(?m)^[A-Z]+ /\S*: \d{3} .+$", output):
        yield f"{line} {article_held_by('observed_responses')}"


@dataclass(frozen=True)
class Step:
    name: str
    command: tuple[str, ...]
    failures: Callable[[str], Iterator[str]]


FAST = [
    Step(
        "format",
        (f"{BIN}/ruff", "format", "--check", "--output-format=concise", "."),
        failures_of_format,
    ),
    Step("lint", (f"{BIN}/ruff", "check", "--output-format=concise", "."), failures_of_ruff),
    Step("rules", (sys.executable, "-m", "tests.architecture"), failures_of_rules),
]
LINT = [
    *FAST,
    Step("types", (f"{BIN}/mypy", "--no-error-summary"), failures_of_types),
    Step("imports", (f"{BIN}/lint-imports", "--no-cache"), failures_of_imports),
]
TESTS = Step("tests", ("scripts/test",), failures_of_tests)


def run(step: Step) -> tuple[bool, str]:
    """Return True if the command succeeds, and its output."""
    environment = {**os.environ, "PYTHONPATH": ".", "COLUMNS": "200", "BIN": str(BIN)}
    with subprocess.Popen(
        step.command,
        cwd=ROOT,
        env={**environment, "COVERAGE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if step is TESTS and os.environ.get("VERBOSE"):
                print(line, end="", flush=True)  # noqa: T201 -- a command
    return process.returncode == 0, "".join(lines)


def report(step: Step, output: str) -> str:
    failures = list(step.failures(output))
    # The end of the output, if its format is unknown.
    shown = failures[:MAX_LINES] or output.splitlines()[-MAX_LINES:]
    if len(failures) > MAX_LINES:
        shown.append(f"... and {len(failures) - MAX_LINES} more")
    if step is TESTS and failures and "::" in failures[0]:
        shown.append(f'Full output: make test PYTEST_ARGS="{failures[0].split(" ")[0]}"')
    return "\n".join([f"{step.name}:", *shown])


def check(steps: list[Step], *, tests: bool) -> Iterator[str]:
    """Yield the failures, or a summary. Run the test suite only if all steps succeed."""
    failed = False
    for step in steps:
        succeeded, output = run(step)
        if not succeeded:
            failed = True
            yield report(step, output)
    if failed:
        return
    summary = ", ".join(step.name for step in steps)
    if tests:
        succeeded, output = run(TESTS)
        if not succeeded:
            yield report(TESTS, output)
            return
        summary = "; ".join([summary, *CLOSING.findall(output), output.strip().splitlines()[-1]])
    yield f"{SUCCESS}: {summary}"


def main() -> None:
    choice = sys.argv[1] if len(sys.argv) > 1 else "all"
    lines = list(check(FAST if choice == "fast" else LINT, tests=choice == "all"))
    print("\n".join(lines))  # noqa: T201 -- a command
    sys.exit(not lines[-1].startswith(SUCCESS))


if __name__ == "__main__":
    main()
