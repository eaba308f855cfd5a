"""Edits that break the code on purpose, to show that a check notices.

An edit finds its place by the name of a symbol and changes its syntax tree, so that it applies
whatever the file, the formatting and the docstrings.
"""

import ast
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.architecture.project import ROOT, definitions, find

Change = Callable[[Any], None]
"""A function that changes the syntax tree of a definition in place."""


@dataclass(frozen=True)
class Edit:
    """A change of one symbol of the code."""

    symbol: str
    """Name of the symbol, as `find` expects it."""
    change: Change

    @property
    def path(self) -> str:
        return find(self.symbol).path

    def changed(self, source: str) -> str:
        """Return the source of the file with the definition changed and all else as it was.

        Raise ValueError if the change has no effect.
        """
        [node] = definitions(ast.parse(source), find(self.symbol).symbol)
        start, end = _span(node, source.encode())
        before = ast.dump(node)
        self.change(node)
        if ast.dump(node) == before:
            raise ValueError(f"The edit of `{self.symbol}` changes nothing: choose another one.")
        code = textwrap.indent(ast.unparse(node), " " * node.col_offset).lstrip()
        return b"".join((source.encode()[:start], code.encode(), source.encode()[end:])).decode()


@dataclass(frozen=True)
class TextEdit:
    """A change of a file that is not Python, or of a text inside one."""

    files: str
    """Pattern of the paths, relative to the root of the project."""
    pattern: str
    """Regular expression. The first match in the first file that has one is replaced."""
    new: str

    @property
    def path(self) -> str:
        """Path of the file. Raise LookupError if the pattern matches in no file."""
        for file in sorted(ROOT.glob(self.files)):
            if re.search(self.pattern, file.read_text()):
                return file.relative_to(ROOT).as_posix()
        raise LookupError(f"No file {self.files} matches {self.pattern!r}: choose another edit.")

    def changed(self, source: str) -> str:
        return re.sub(self.pattern, self.new, source, count=1)


@contextmanager
def applied(edit: Edit | TextEdit, root: Path) -> Iterator[None]:
    """Apply an edit to a copy of the project, and undo it when the context ends."""
    file = root / edit.path
    before = file.read_text()
    file.write_text(edit.changed(before))
    try:
        yield
    finally:
        file.write_text(before)


def prepend(code: str) -> Change:
    """Add statements at the start of a body, after the docstring."""

    def change(node: Any) -> None:
        start = 0 if ast.get_docstring(node) is None else 1
        node.body[start:start] = ast.parse(code).body

    return change


def replace_body(code: str) -> Change:
    """Replace the whole body, including the docstring."""

    def change(node: Any) -> None:
        node.body = ast.parse(code).body

    return change


def remove_docstring(node: Any) -> None:
    if ast.get_docstring(node) is not None:
        del node.body[0]


def replace(old: str, new: str) -> Change:
    """Replace each occurrence of an expression."""
    wanted = ast.dump(_expression(old))

    class Replacement(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return _expression(new) if ast.dump(node) == wanted else self.generic_visit(node)

    def change(node: Any) -> None:
        Replacement().visit(node)

    return change


def set_keyword(name: str, value: str | None) -> Change:
    """Set a keyword argument in each call that has it, or remove it if the value is None."""

    def change(node: Any) -> None:
        calls = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
        for call in calls:
            for keyword in [keyword for keyword in call.keywords if keyword.arg == name]:
                if value is None:
                    call.keywords.remove(keyword)
                else:
                    keyword.value = _expression(value)

    return change


def set_field(name: str, value: object) -> Change:
    """Set a field of the syntax node itself, such as `name` or `returns`."""

    def change(node: Any) -> None:
        setattr(node, name, value)

    return change


def _expression(code: str) -> ast.expr:
    return ast.parse(code, mode="eval").body


def _span(node: Any, source: bytes) -> tuple[int, int]:
    """Return where a definition with its decorators starts and ends, in bytes."""
    lines = source.splitlines(keepends=True)
    decorators = getattr(node, "decorator_list", [])
    first_line = decorators[0].lineno if decorators else node.lineno
    start = sum(map(len, lines[: first_line - 1])) + node.col_offset
    return start, sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
