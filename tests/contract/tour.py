"""Links of `docs/tour.md` to the lines that define what the tour names."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.core.migrations import ROOT
from tests.architecture.project import definitions

PAGE = ROOT / "docs" / "tour.md"
LINK = re.compile(r"\[(?P<text>[^]]+)\]\((?P<target>[^)#]+)(?:#L(?P<line>\d+))?\)")


@dataclass(frozen=True)
class Link:
    """Link of the tour. Its text is a symbol, the path of a file, or words."""

    text: str
    target: str
    line: int | None

    @property
    def path(self) -> Path:
        return (PAGE.parent / self.target).resolve()

    @property
    def symbol(self) -> str | None:
        """The symbol that the link leads to, such as `NoteService.create`."""
        name = self.text.strip("`")
        is_symbol = self.target.endswith(".py") and not name.endswith(".py")
        return name if is_symbol else None

    def defining_line(self) -> int | None:
        """Return the line that defines the symbol, or None if the file does not define it."""
        if self.symbol is None or not self.path.exists():
            return None
        tree = ast.parse(self.path.read_text())
        return next((node.lineno for node in definitions(tree, self.symbol)), None)


def links(text: str) -> Iterator[Link]:
    for match in LINK.finditer(text):
        yield _link(match)


def with_lines(text: str) -> str:
    """Return the page with the line of each linked symbol updated."""

    def update(match: re.Match[str]) -> str:
        link = _link(match)
        line = link.defining_line()
        return f"[{link.text}]({link.target}#L{line})" if line else match[0]

    return LINK.sub(update, text)


def _link(match: re.Match[str]) -> Link:
    return Link(match["text"], match["target"], int(match["line"]) if match["line"] else None)
