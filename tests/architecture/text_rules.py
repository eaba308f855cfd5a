"""The rules about what is written for people and agents."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.architecture.rules import PACKAGE, Edit, Place, TextRule

TEXTS = ("README.md", "CLAUDE.md", "constitution.md", ".claude/**/*.md")
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


RULES = [
    TextRule(
        name="texts name what is there",
        article=39,
        see="CLAUDE.md",
        find=find_what_is_not_there,
        edit=Edit("CLAUDE.md", "`app/main.py`", "`app/entry.py`"),
        bad="See `app/nowhere.py` and `NoSuchThing`, then `make nothing`.",
        good="See `app/main.py` and `UserRepository`, then `make check`.",
    )
]
