"""Everything, as `make check` runs it: `python -m tests.architecture.check [fast|lint|all]`.

Success is one line. A failure is short, in the order in which to mend, with the article that is
broken and where its right form stands. VERBOSE=1 shows all that the suite prints.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.architecture.rules import ROOT

BIN = Path(sys.executable).parent
MAX_LINES = 10
"""Of what one step complains of: the rest comes when these are mended."""
ARTICLE = re.compile(r"(?ms)^\*\*(\d+)\. .+?(?=^\*\*\d|^## |\Z)")
SEE = re.compile(r"(?s)\*See\* (.+?)\.\s+\*Held")
CLOSING = re.compile(r"(?m)(\d+ (?:passed|failed).*? in [\d.]+s)")


@cache
def articles() -> dict[str, str]:
    """The text of each article."""
    text = (ROOT / "constitution.md").read_text()
    return {match[1]: match[0] for match in ARTICLE.finditer(text)}


def pointer(*signs: str) -> str:
    """The article that names the first of these signs that any names, and its right form."""
    for sign in signs:
        for number, text in articles().items():
            if re.search(sign, text.partition("*Held by*")[2]):
                return pointer_to(number)
    return ""


def pointer_to(number: str) -> str:
    """An article, and its right form."""
    see = SEE.search(articles()[number])
    return f"(article {number}; right form: {see[1]})" if see else f"(article {number})"


def complaints_of_format(output: str) -> Iterator[str]:
    for path in re.findall(r"(?m)^(\S+?):\d+:\d+: unformatted", output):
        yield f"{path}: run `make format`"


def complaints_of_ruff(output: str) -> Iterator[str]:
    for place, group, number, message in re.findall(
        r"(?m)^(\S+?:\d+):\d+: ([A-Z]+)(\d+) (.+)$", output
    ):
        found = pointer(rf"ruff\b.*\b{group}{number}\b", rf"ruff\b.*\b{group}\b", r"ruff \(")
        yield f"{place}: {group}{number} {message} {found}"


def complaints_of_rules(output: str) -> Iterator[str]:
    yield from re.findall(r"(?m)^.+ \(article \d+; right form: .+\)$", output)


def complaints_of_types(output: str) -> Iterator[str]:
    for line in re.findall(r"(?m)^\S+:\d+: error: .+$", output):
        yield f"{line} {pointer('mypy')}"


def complaints_of_imports(output: str) -> Iterator[str]:
    _, _, broken = output.partition("Broken contracts\n----------------\n")
    for contract, imports in re.findall(r"(?ms)^(\S.+?)\n-{9,}\n(.+?)(?:\n\n\n|\Z)", broken):
        begins = [f'"{re.escape(contract[:length])}"' for length in range(len(contract), 3, -1)]
        for line in re.findall(r"(?m)^- +(.+)$", imports):
            yield f"{line}: {contract} {pointer(*begins)}"


def complaints_of_tests(output: str) -> Iterator[str]:
    for line in sorted(set(re.findall(r"(?m)^(?:FAILED|ERROR) (.+)$", output))):
        path = line.partition("::")[0]
        yield f"{line} {pointer(re.escape(path), re.escape(path.rpartition('/')[0]) + '/`')}"


@dataclass(frozen=True)
class Step:
    """A command, and how to read what it complains of."""

    name: str
    command: tuple[str, ...]
    complaints: Callable[[str], Iterator[str]]


FAST = [
    Step(
        "format",
        (f"{BIN}/ruff", "format", "--check", "--output-format=concise", "."),
        complaints_of_format,
    ),
    Step("lint", (f"{BIN}/ruff", "check", "--output-format=concise", "."), complaints_of_ruff),
    Step("rules", (sys.executable, "-m", "tests.architecture"), complaints_of_rules),
]
LINT = [
    *FAST,
    Step("types", (f"{BIN}/mypy", "--no-error-summary"), complaints_of_types),
    Step("imports", (f"{BIN}/lint-imports", "--no-cache"), complaints_of_imports),
]
TESTS = Step("tests", ("scripts/test",), complaints_of_tests)


def run(step: Step) -> tuple[bool, str]:
    """Whether it went well, and what it said."""
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
    """What is to be mended, in a few lines."""
    complaints = list(step.complaints(output))
    # Something that the step says in no form that we know: its last words.
    shown = complaints[:MAX_LINES] or output.splitlines()[-MAX_LINES:]
    if len(complaints) > MAX_LINES:
        shown.append(f"... and {len(complaints) - MAX_LINES} more")
    if step is TESTS and complaints:
        shown.append(f'All of it: make test PYTEST_ARGS="{complaints[0].split(" ")[0]}"')
    return "\n".join([f"{step.name}:", *shown])


def check(steps: list[Step], *, tests: bool) -> Iterator[str]:
    """What went wrong. The suite is run when nothing else has; last comes what went well."""
    failed = False
    for step in steps:
        well, output = run(step)
        if not well:
            failed = True
            yield report(step, output)
    if failed:
        return
    told = ", ".join(step.name for step in steps)
    if tests:
        well, output = run(TESTS)
        if not well:
            yield report(TESTS, output)
            return
        told = "; ".join([told, *CLOSING.findall(output), output.strip().splitlines()[-1]])
    yield f"All is well: {told}"


def main() -> None:
    """Exit with 1 if something is to be mended."""
    choice = sys.argv[1] if len(sys.argv) > 1 else "all"
    told = list(check(FAST if choice == "fast" else LINT, tests=choice == "all"))
    print("\n".join(told))  # noqa: T201 -- a command
    sys.exit(not told[-1].startswith("All is well"))


if __name__ == "__main__":
    main()
