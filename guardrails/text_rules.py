"""Rules about texts for people and agents, and about files that are not Python."""

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from guardrails.project import Project, matches
from guardrails.rules import Finding, TextRule
from guardrails.word_rules import line_of

PATH = re.compile(r"[\w.-]+(/[\w.-]+)*(/|\.(py|md|toml|yml|ini|txt))|\.env\.example")
COMMAND = re.compile(r"make ([a-z-]+)( .*)?")
SYMBOL = re.compile(r"_?[A-Za-z]+[A-Z_.]\w[\w.]*")
"""Name that is not a plain word."""
LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")
"""Locks of all dependencies, with hashes. Without them, `requirements*.txt` must lock them."""


@cache
def names_in_code(project: Project) -> set[str]:
    """Return every name in the code and its configuration."""
    # The samples of the rules contain names that do not exist.
    skipped = project.allowed.get("existing names", ())
    sources = [module.source for module in project.modules if not matches(module.path, skipped)]
    for pattern in ("pyproject.toml", *project.setting_examples):
        sources += [path.read_text() for path in project.root.glob(pattern)]
    return {word for source in sources for word in re.findall(r"\w+", source)}


def find_missing_names(text: str, project: Project) -> Iterator[Finding]:
    makefile = project.root / "Makefile"
    targets = re.findall(r"(?m)^([a-z-]+):", makefile.read_text() if makefile.exists() else "")
    for number, line in enumerate(text.splitlines(), 1):
        for quoted in re.findall(r"`([^`]+)`", line):
            command = COMMAND.fullmatch(quoted)
            if command and command[1] not in targets:
                yield number, f"the Makefile has no target for `{quoted}`"
            elif PATH.fullmatch(quoted):
                if not (project.root / quoted).exists():
                    yield number, f"there is no file `{quoted}`"
            elif SYMBOL.fullmatch(quoted) and not set(quoted.split(".")) <= names_in_code(project):
                yield number, f"nothing in the code is named `{quoted}`"


BLOCK = re.compile(r"(?ms)^```(\w+)\n(.*?)^```$")


def compile_shell(code: str) -> None:
    """Raise SyntaxError if bash cannot parse the code."""
    done = subprocess.run(["bash", "-n"], input=code, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SyntaxError(done.stderr.strip())


COMPILERS: dict[str, Callable[[str], object]] = {
    "python": ast.parse,
    "json": json.loads,
    "toml": tomllib.loads,
    "sh": compile_shell,
    "bash": compile_shell,
    "console": lambda block: compile_shell("\n".join(re.findall(r"(?m)^\$ (.+)$", block))),
}


def find_broken_blocks(text: str, project: Project) -> Iterator[Finding]:
    for block in BLOCK.finditer(text):
        language, code = block.groups()
        try:
            if language in COMPILERS:
                COMPILERS[language](code)
            elif project.languages and language not in project.languages:
                yield line_of(block), f"`{language}` is not one of the languages of blocks"
        except (ValueError, SyntaxError) as error:
            yield line_of(block), f"the block is not valid {language}: {error}"


def find_unknown_settings(text: str, project: Project) -> Iterator[Finding]:
    settings = project.settings
    known = [
        name.upper() for module in project.package_modules for _, _, name in module.fields(settings)
    ]
    named = {}
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"([A-Z_0-9]+)=", line):
            named[match[1]] = number
            if match[1] not in known:
                yield number, f"there is no setting `{match[1]}`"
    for name in known:
        if name not in named:
            yield 1, f"the setting `{name}` is missing"


CREDENTIALS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a token": r"\b(ey[\w-]{12,}\.ey[\w-]{12,}\.[\w-]{12,}|gh[opsu]_\w{30,}|AKIA[A-Z0-9]{16}"
    r"|xox[abp]-[\w-]{20,}|sk[-_](live|proj|ant)[-_][\w-]{16,})",
    "a password in an address": r"\w+://(?P<user>[^/\s:@$<{]+):(?P<password>(?!(?P=user)@)[^/\s:@$<{]+)@\w",
    "a value for a secret": r"^[A-Z_]*(PASSWORD|SECRET|SECRET_KEY|TOKEN)="
    r"(?!\d+/)(?P<value>[^\s$<#'\"]+)$",
}
"""Patterns of credentials. A number and a slash begin a limit of requests."""


def find_credentials(text: str, project: Project) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        for kind, pattern in CREDENTIALS.items():
            match = re.search(pattern, line)
            if match and match[match.lastgroup or 0] not in project.placeholders:
                yield number, f"this looks like {kind}"


def find_unlocked_dependencies(text: str, project: Project) -> Iterator[Finding]:
    content = tomllib.loads(text)
    # A workspace has one lock, in a folder above its projects.
    folders = (project.root, *project.root.parents)
    locks = [folder / name for folder in folders for name in LOCKS if (folder / name).exists()]
    groups = {"": content.get("project", {}).get("dependencies", [])}
    groups |= content.get("dependency-groups", {})
    for group, dependencies in groups.items():
        lock = locks[0] if locks else project.root / f"requirements{'-' * bool(group)}{group}.txt"
        locked = locked_in(lock)
        for dependency in dependencies:
            name = re.split(r"[^\w.-]", dependency)[0] if isinstance(dependency, str) else ""
            if name and normalised(name) not in locked:
                # The text can have escaped quotes that the dependency does not have.
                place = re.search(rf"[\"']{re.escape(name)}(?![\w.-])", text)
                line = line_of(place) if place else 1
                yield line, f"{name} is not in {lock.name}: lock it with its hashes"


def locked_in(lock: Path) -> set[str]:
    """Return the normalised names of the packages in a lock, or nothing if it does not exist."""
    text = lock.read_text() if lock.exists() else ""
    pattern = (
        r'^name = "(.+)"$'
        if lock.name in LOCKS
        else r"^([\w.-]+)(?:\[[^\]]*\])?==\S+(?: ;.+)? \\\n +--hash="
    )
    return {normalised(name) for name in re.findall(f"(?m){pattern}", text)}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


RULES = [
    TextRule(
        name="locked dependencies",
        article=40,
        files=("pyproject",),
        find=find_unlocked_dependencies,
        sample='dependencies = ["no-such-package",',
        place=r"(?m)^dependencies = \[",
    ),
    TextRule(
        name="settings in the example",
        article=5,
        needs=("setting_examples",),
        files=("setting_examples",),
        find=find_unknown_settings,
        sample="NO_SUCH_SETTING=1",
    ),
    TextRule(
        name="no credentials",
        article=35,
        files=("files", "sources"),
        find=find_credentials,
        sample="SMTP_PASSWORD=c0rrect-h0rse",
    ),
    TextRule(
        name="blocks that compile",
        article=39,
        files=("texts",),
        find=find_broken_blocks,
        sample="```sh\nif make\n```",
    ),
    TextRule(
        name="existing names",
        article=39,
        needs=("names_in_texts",),
        files=("texts",),
        find=find_missing_names,
        sample="`no/where.py`",
    ),
]
