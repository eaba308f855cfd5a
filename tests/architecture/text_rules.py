"""The rules about what is written for people and agents, and about files that are no Python."""

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
from tests.architecture.rules import PACKAGE, ROOT, Edit, Place, TextRule

TEXTS = (
    "README.md",
    "SECURITY.md",
    "CLAUDE.md",
    "constitution.md",
    ".claude/**/*.md",
    "docs/**/*.md",
)
FOLDERS = (
    ".ci",
    ".claude",
    ".github",
    PACKAGE,
    "benchmarks",
    "deploy",
    "docs",
    "migrations",
    "scripts",
)
FILES_OF_THE_TREE = (
    *("*.md", "*.toml", "*.yml", "*.ini", ".env.example", "Dockerfile", "Makefile"),
    *(f"{folder}/**/*" for folder in FOLDERS),
)
"""But for tests, whose passwords are nobody's."""
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*(/|\.(py|md|toml|yml|ini|txt))|\.env\.example")
COMMAND = re.compile(r"make ([a-z-]+)( .*)?")
SYMBOL = re.compile(r"_?[A-Za-z]+[A-Z_.]\w[\w.]*")
"""A name that is no plain word."""


@cache
def words(root: Path) -> set[str]:
    """Every name that the code and its configuration know."""
    tops = (PACKAGE, "tests", "migrations")
    found = [path for top in tops for path in (root / top).rglob("*.py")]
    # Not those of the rules: their samples name what is nowhere.
    files = [path for path in found if "architecture" not in path.parts]
    files += [root / "pyproject.toml", root / ".env.example"]
    return {word for file in files for word in re.findall(r"\w+", file.read_text())}


def find_what_is_not_there(text: str, root: Path) -> Iterator[Place]:
    targets = re.findall(r"(?m)^([a-z-]+):", (root / "Makefile").read_text())
    for number, line in enumerate(text.splitlines(), 1):
        for quoted in re.findall(r"`([^`]+)`", line):
            command = COMMAND.fullmatch(quoted)
            if command and command[1] not in targets:
                yield number, f"`{quoted}`: the Makefile has no such target"
            elif PATH.fullmatch(quoted):
                if not (root / quoted).exists():
                    yield number, f"`{quoted}` is not there"
            elif SYMBOL.fullmatch(quoted) and not set(quoted.split(".")) <= words(root):
                yield number, f"`{quoted}`: nothing has this name"


BLOCK = re.compile(r"(?ms)^```(\w+)\n(.*?)^```$")


def compile_shell(code: str) -> None:
    """Raise SyntaxError if bash would not read it."""
    done = subprocess.run(["bash", "-n"], input=code, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SyntaxError(done.stderr.strip())


COMPILERS: dict[str, Callable[[str], object]] = {
    "python": ast.parse,
    "json": json.loads,
    "toml": tomllib.loads,
    "sh": compile_shell,
    "console": lambda block: compile_shell("\n".join(re.findall(r"(?m)^\$ (.+)$", block))),
    "text": str,
}


def find_broken_blocks(text: str, _: Path) -> Iterator[Place]:
    for block in BLOCK.finditer(text):
        language, code = block.groups()
        try:
            COMPILERS[language](code)
        except (KeyError, ValueError, SyntaxError) as error:
            yield text.count("\n", 0, block.start()) + 1, f"the block is no {language}: {error}"


def find_unknown_settings(text: str, root: Path) -> Iterator[Place]:
    tree = ast.parse((root / PACKAGE / "core" / "config.py").read_text())
    [settings] = [node for node in tree.body if getattr(node, "name", "") == "Settings"]
    known = [
        ast.unparse(field.target).upper()
        for field in getattr(settings, "body", [])
        if isinstance(field, ast.AnnAssign)
    ]
    named = {}
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"([A-Z_0-9]+)=", line):
            named[match[1]] = number
            if match[1] not in known:
                yield number, f"`{match[1]}` is no setting"
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


def find_credentials(text: str, _: Path) -> Iterator[Place]:
    for number, line in enumerate(text.splitlines(), 1):
        for kind, pattern in CREDENTIALS.items():
            if re.search(pattern, line):
                yield number, f"this looks like {kind}"


def find_unlocked_dependencies(text: str, root: Path) -> Iterator[Place]:
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
            if name not in {each for each, _ in locked}:
                line = text.count("\n", 0, text.index(f'"{dependency}"')) + 1
                yield line, f"{name} is not in {lock}: `make lock`"


def find_faults_of_history(text: str, root: Path) -> Iterator[Place]:
    sources = read_sources(root)
    same = [file for file, source in sources.items() if source.decode() == text]
    file = same[0] if same else "of this text"
    for fault in read_history({file: text.encode(), **sources}).faults:
        if file in fault:
            yield 1, fault


RULES = [
    TextRule(
        name="one history of migrations",
        article=29,
        see="migrations/versions/0002_activity_idempotency.py",
        files=("migrations/versions/*.py",),
        find=find_faults_of_history,
        edit=Edit(
            "migrations/versions/0003_outbox.py",
            'down_revision: str | None = "0002"',
            'down_revision: str | None = "0000"',
        ),
        bad='revision = "next"\ndown_revision = ("nowhere", "elsewhere")\n',
        good=(ROOT / "migrations" / "versions" / "0001_identity.py").read_text(),
    ),
    TextRule(
        name="locked dependencies",
        article=40,
        see="pyproject.toml",
        files=("pyproject.toml",),
        find=find_unlocked_dependencies,
        edit=Edit("pyproject.toml", '    "aiosmtplib",\n', '    "aiosmtplib",\n    "pandas",\n'),
        bad='[project]\ndependencies = ["no-such[thing]>=1"]\n[dependency-groups]\nnew = ["uv"]\n',
        good='[project]\ndependencies = ["fastapi"]\n[dependency-groups]\ndev = ["uv"]\n',
    ),
    TextRule(
        name="settings in the example",
        article=5,
        see=".env.example",
        files=(".env.example",),
        find=find_unknown_settings,
        edit=Edit(".env.example", "MAIL_FROM=", "MAIL_SENDER="),
        bad="X=1\n",
        good=(ROOT / ".env.example").read_text(),
    ),
    TextRule(
        name="no credentials",
        article=35,
        see=".env.example",
        files=FILES_OF_THE_TREE,
        find=find_credentials,
        edit=Edit(".env.example", "SMTP_PASSWORD=", "SMTP_PASSWORD=c0rrect-h0rse"),
        bad="SMTP_PASSWORD=c0rrect-h0rse\nDATABASE_URL=postgresql://app:c0rrect-h0rse@db/app\n",
        good="SMTP_PASSWORD=\nDATABASE_URL=postgresql://USER:PASSWORD@HOST:PORT/NAME\n",
    ),
    TextRule(
        name="blocks that compile",
        article=39,
        see="README.md",
        files=TEXTS,
        find=find_broken_blocks,
        edit=Edit("README.md", "```sh\n", "```sh\nif make\n"),
        bad="```python\ndef f(:\n```\n\n```klingon\nQapla\n```\n",
        good="```python\ndef f(): ...\n```\n\n```sh\nmake run\n```\n",
    ),
    TextRule(
        name="texts name what is there",
        article=39,
        see="CLAUDE.md",
        files=TEXTS,
        find=find_what_is_not_there,
        edit=Edit("CLAUDE.md", "`app/main.py`", "`app/entry.py`"),
        bad="See `app/nowhere.py` and `NoSuchThing`, then `make nothing`.",
        good="See `app/main.py` and `UserRepository`, then `make check`.",
    ),
]
