"""Rules about texts for people and agents, and about files that are not Python."""

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from app.core.migrations import read_sources
from app.core.revisions import read_history
from tests.architecture.edits import TextEdit
from tests.architecture.project import OUTSIDE, PACKAGE
from tests.architecture.rules import Finding, TextRule
from tests.architecture.source import modules

TEXTS = (
    *("README.md", "SECURITY.md", "CLAUDE.md", "constitution.md"),
    *(".claude/**/*.md", "docs/**/*.md"),
)
FOLDERS = (
    *(".ci", ".claude", ".github", PACKAGE),
    *("benchmarks", "deploy", "docs", "migrations", "scaffold", "scripts"),
)
FILES_OF_THE_TREE = (
    *("*.md", "*.toml", "*.yml", "*.ini", ".env.example", "Dockerfile", "Makefile"),
    *(f"{folder}/**/*" for folder in FOLDERS),
)
"""All files except tests, which contain passwords that protect nothing."""
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*(/|\.(py|md|toml|yml|ini|txt))|\.env\.example")
COMMAND = re.compile(r"make ([a-z-]+)( .*)?")
SYMBOL = re.compile(r"_?[A-Za-z]+[A-Z_.]\w[\w.]*")
"""Name that is not a plain word."""


@cache
def words(root: Path) -> set[str]:
    """Return every name in the code and its configuration."""
    found = [path for top in (PACKAGE, *OUTSIDE) for path in (root / top).rglob("*.py")]
    # The samples of the rules contain names that do not exist.
    files = [path for path in found if "architecture" not in path.parts]
    files += [root / "pyproject.toml", root / ".env.example"]
    return {word for file in files for word in re.findall(r"\w+", file.read_text())}


def find_missing_names(text: str, root: Path) -> Iterator[Finding]:
    targets = re.findall(r"(?m)^([a-z-]+):", (root / "Makefile").read_text())
    for number, line in enumerate(text.splitlines(), 1):
        for quoted in re.findall(r"`([^`]+)`", line):
            command = COMMAND.fullmatch(quoted)
            if command and command[1] not in targets:
                yield number, f"the Makefile has no target for `{quoted}`"
            elif PATH.fullmatch(quoted):
                if not (root / quoted).exists():
                    yield number, f"there is no file `{quoted}`"
            elif SYMBOL.fullmatch(quoted) and not set(quoted.split(".")) <= words(root):
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
    "console": lambda block: compile_shell("\n".join(re.findall(r"(?m)^\$ (.+)$", block))),
    "mermaid": str,
    "text": str,
}


def find_broken_blocks(text: str, _: Path) -> Iterator[Finding]:
    for block in BLOCK.finditer(text):
        language, code = block.groups()
        try:
            COMPILERS[language](code)
        except (KeyError, ValueError, SyntaxError) as error:
            line = text.count("\n", 0, block.start()) + 1
            yield line, f"the block is not valid {language}: {error}"


def find_unknown_settings(text: str, root: Path) -> Iterator[Finding]:
    known = [
        ast.unparse(field.target).upper()
        for module in modules(root)
        if module.layer in ("core", "settings")
        for group in module.nodes(ast.ClassDef)
        if group.name.endswith(("Settings", "SettingGroup"))
        for field in group.body
        if isinstance(field, ast.AnnAssign)
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
    "a password in an address": r"\w+://[^/\s:@$<{]+:(?!(PASSWORD|secret|plumbline)@)[^/\s:@$<{]+@\w",
    "a value for a secret": r"^(?!LIMIT_)[A-Z_]*(PASSWORD|SECRET|SECRET_KEY|TOKEN)="
    r"(?!change-me$)[^\s$<#'\"]+$",
}


def find_credentials(text: str, _: Path) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        for kind, pattern in CREDENTIALS.items():
            if re.search(pattern, line):
                yield number, f"this looks like {kind}"


def find_unlocked_dependencies(text: str, root: Path) -> Iterator[Finding]:
    project = tomllib.loads(text)
    wanted = {
        "requirements.txt": project["project"]["dependencies"],
        **{
            f"requirements-{group}.txt": dependencies
            for group, dependencies in project.get("dependency-groups", {}).items()
        },
    }
    for lock, dependencies in wanted.items():
        text_of_lock = (root / lock).read_text() if (root / lock).exists() else ""
        locked = re.findall(r"(?m)^([\w.-]+)==\S+( ;.+)? \\\n +--hash=", text_of_lock)
        for dependency in dependencies:
            name = re.split(r"[^\w.-]", dependency)[0]
            if name not in {package for package, _ in locked}:
                line = text.count("\n", 0, text.index(f'"{dependency}"')) + 1
                yield line, f"{name} is not in {lock}: run `make lock`"


def find_faults_of_history(text: str, root: Path) -> Iterator[Finding]:
    sources = read_sources(root)
    [file] = [name for name, source in sources.items() if source.decode() == text]
    for fault in read_history(sources).faults:
        if file in fault:
            yield 1, fault


RULES = [
    TextRule(
        name="one history of migrations",
        article=29,
        see="0001_*:down_revision",
        files=("migrations/versions/*.py",),
        find=find_faults_of_history,
        edit=TextEdit(
            "migrations/versions/*.py", r"(?m)^(down_revision: .+) = .+$", r'\1 = "none"'
        ),
    ),
    TextRule(
        name="locked dependencies",
        article=40,
        see="pyproject.toml",
        files=("pyproject.toml",),
        find=find_unlocked_dependencies,
        edit=TextEdit("pyproject.toml", r"(?m)^dependencies = \[\n", 'dependencies = ["pandas",\n'),
    ),
    TextRule(
        name="settings in the example",
        article=5,
        see=".env.example",
        files=(".env.example",),
        find=find_unknown_settings,
        edit=TextEdit(".env.example", r"(?m)^\w+=", "NO_SUCH_SETTING="),
    ),
    TextRule(
        name="no credentials",
        article=35,
        see=".env.example",
        files=FILES_OF_THE_TREE,
        find=find_credentials,
        edit=TextEdit(".env.example", "SMTP_PASSWORD=", "SMTP_PASSWORD=c0rrect-h0rse"),
    ),
    TextRule(
        name="blocks that compile",
        article=39,
        see="README.md",
        files=TEXTS,
        find=find_broken_blocks,
        edit=TextEdit("README.md", r"(?m)^```sh\n", "```sh\nif make\n"),
    ),
    TextRule(
        name="existing names",
        article=39,
        see="CLAUDE.md",
        files=TEXTS,
        find=find_missing_names,
        edit=TextEdit("CLAUDE.md", r"`app/[\w/]+\.py`", "`app/nowhere.py`"),
    ),
]
