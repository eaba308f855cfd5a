"""Replacement of the names of resources in Python code.

A name is replaced where it is a whole word of an identifier or of a text. So `note` is replaced in
`NoteService` and in "a note", and not in `denote`.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from scaffold.names import Resource, article_of, pascal

Place = tuple[int, int]
"""Line and column of a token."""

_WORD = re.compile(r"((?<![A-Za-z0-9])an?_)?([A-Z]{,2}[a-z0-9]+|[A-Z0-9]+(?![a-z]))")
"""Word of an identifier, such as `ETag`, with its article: `a_tag` in the name of a test."""
_NAME = re.compile(r"(\b[Aa]n?\s+)?\b([A-Za-z_]\w*)")
"""Identifier or word in a text, with its article."""
_STRING = re.compile(r"""(?s)(\w*(?:\"{3}|'{3}|["']))(.*?)(\"{3}|'{3}|["'])\Z""")
_BRACES = re.compile(r"(?<!\{)(\{[^{}]+\})(?!\})")
"""Expression in an f-string."""


class Renaming:
    """Renaming of a reference feature, and of its parent if the new resource has another one."""

    def __init__(self, *names: tuple[Resource, Resource]) -> None:
        """Rename the first resource of each pair to the second. The first pair is the feature."""
        self._new = {
            old: new
            for before, after in names
            for old, new in ((before.singular, after.singular), (before.plural, after.plural))
        }
        self._folder = names[0][0].plural

    def identifier(self, name: str) -> str:
        """Return the identifier with its words renamed."""
        return _WORD.sub(self._word, name)

    def text(self, text: str) -> str:
        """Return a docstring, a comment or the content of a string with its words renamed."""
        return self._new.get(text) or _NAME.sub(self._name_in_text, text)

    def code(self, source: str) -> str:
        """Return a Python file with its identifiers, strings and comments renamed."""
        kept = {*self._kept(source)}
        lines = source.splitlines(keepends=True)
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line))
        written, end = [], 0
        for kind, start, stop in _tokens(source):
            first, last = (starts[line - 1] + column for line, column in (start, stop))
            new = source[first:last]
            if kind == tokenize.STRING:
                new = self._string(new)
            elif kind == tokenize.COMMENT:
                new = self.text(new)
            elif kind == tokenize.NAME and start not in kept:
                new = self.identifier(new)
            written += [source[end:first], new]
            end = last
        return "".join([*written, source[end:]])

    def _word(self, match: re.Match[str]) -> str:
        article, word = match.groups()
        new = self._new.get(word.lower())
        if new is None:
            return match[0]
        if word.islower():
            return f"{article_of(new)}_{new}" if article else new
        return new.upper() if word.isupper() else pascal(new)

    def _name_in_text(self, match: re.Match[str]) -> str:
        article, name = match.groups()
        renamed = self.identifier(name)
        if renamed == name:
            return match[0]
        before = match.string[: match.start(2)]
        is_code = before.endswith((".", "`")) or re.match(r"\.\w", match.string[match.end() :])
        if before.endswith("/"):
            renamed = renamed.replace("_", "-")
        elif name.lower() in self._new and not is_code:
            words = self._new[name.lower()].replace("_", " ")
            renamed = words if name.islower() else words[0].upper() + words[1:]
        if article:
            article = article[0] + article_of(renamed)[1:] + article.lstrip("AaNn")
        return f"{article or ''}{renamed}"

    def _string(self, literal: str) -> str:
        _, start, content, end, _ = _STRING.split(literal)
        parts = _BRACES.split(content) if "f" in start else [content]
        new = [
            self.identifier(part) if number % 2 else self.text(part)
            for number, part in enumerate(parts)
        ]
        return "".join([start, *new, end])

    def _kept(self, source: str) -> Iterator[Place]:
        """Yield the places of names that belong to other code, and are therefore not renamed."""
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if (
                    self.identifier(name) == name
                ):
                    # A keyword of another function, such as `create_router(tag=...)`.
                    yield from (
                        (keyword.lineno, keyword.col_offset)
                        for keyword in node.keywords
                        if keyword.arg in self._new
                    )
                case ast.ImportFrom(module=str(module)) if self._is_elsewhere(node):
                    for part in re.finditer(r"\w+", module):
                        yield node.lineno, len("from ") + part.start()

    def _is_elsewhere(self, node: ast.ImportFrom) -> bool:
        """Return True for other names of the parent, such as its `MemberRole`."""
        names = [alias.name for alias in node.names]
        is_own = self._folder in (node.module or "").split(".")
        return not is_own and names == [*map(self.identifier, names)]


def names_in(source: str) -> set[str]:
    """Return the identifiers and keywords of a Python file, without those in strings."""
    lines = source.splitlines()
    return {
        lines[line - 1][start:end]
        for kind, (line, start), (_, end) in _tokens(source)
        if kind == tokenize.NAME
    }


def _tokens(source: str) -> Iterator[tuple[int, Place, Place]]:
    """Yield the kind, the start and the end of each token. An f-string is one token.

    Python 3.11 returns an f-string as one token; later versions return its parts.
    """
    depth, begin = 0, (0, 0)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = tokenize.tok_name[token.type]
        begin = token.start if depth == 0 else begin
        depth += (kind == "FSTRING_START") - (kind == "FSTRING_END")
        if kind == "FSTRING_END" and depth == 0:
            yield tokenize.STRING, begin, token.end
        elif depth == 0 and kind in ("NAME", "STRING", "COMMENT"):
            yield token.type, token.start, token.end
