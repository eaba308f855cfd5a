"""Python files of a project, parsed once for all rules."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guardrails.project import Project

ROUTE_METHODS = {"get", "post", "put", "patch", "delete"}


@dataclass(frozen=True)
class Module:
    """A Python file of a project."""

    path: str
    """Path relative to the root of the project."""
    source: str
    project: "Project"

    @property
    def tree(self) -> ast.Module:
        """The syntax tree, which is empty if the file cannot be parsed."""
        return self._parsed[0]

    @property
    def fault(self) -> str:
        """The reason why the file cannot be parsed, or an empty string."""
        return self._parsed[1]

    @cached_property
    def _parsed(self) -> tuple[ast.Module, str]:
        try:
            return ast.parse(self.source), ""
        except SyntaxError as error:
            return ast.parse(""), f"{self.path}:{error.lineno}: {error.msg}"

    @cached_property
    def imports(self) -> dict[str, str]:
        """The qualified name of each imported name, such as `datetime.datetime`.

        The name of a relative import begins with its dots.
        """
        names: dict[str, str] = {}
        for node in self.nodes(ast.Import, ast.ImportFrom):
            prefix = prefix_of(node)
            for alias in node.names:
                local = alias.asname or (alias.name if prefix else alias.name.partition(".")[0])
                names[local] = f"{prefix}{alias.name}" if prefix or alias.asname else local
        return names

    def qualified(self, node: ast.AST) -> str:
        """Return the qualified name of an imported name or attribute, otherwise an empty string."""
        if isinstance(node, ast.Attribute):
            owner = self.qualified(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return self.imports.get(node.id, "") if isinstance(node, ast.Name) else ""

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        return (node for kind in kinds for node in self._nodes.get(kind, ()))

    @cached_property
    def _nodes(self) -> dict[type[ast.AST], list[ast.AST]]:
        """All nodes by their kind, because many rules search the same file."""
        found: dict[type[ast.AST], list[ast.AST]] = {}
        for node in ast.walk(self.tree):
            found.setdefault(type(node), []).append(node)
        return found

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return self.nodes(ast.FunctionDef, ast.AsyncFunctionDef)

    def fields(self, bases: set[str]) -> Iterator[tuple[ast.ClassDef, ast.AnnAssign, str]]:
        """Yield the annotated fields of classes with such a base, each with its class and name.

        A keyword such as `table=True` counts as a base.
        """
        for owner in self.nodes(ast.ClassDef):
            own = {ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in owner.bases}
            if bases & {*own, *map(ast.unparse, owner.keywords)}:
                for node in owner.body:
                    match node:
                        case ast.AnnAssign(target=ast.Name(id=name)):
                            yield owner, node, name

    def handlers(self) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, set[str]]]:
        """Yield the functions that a router calls, with the keywords of their decorators."""
        for function in self.functions():
            calls: list[Any] = [call for call in function.decorator_list if _is_route(call)]
            if calls:
                keywords = {keyword.arg or "" for call in calls for keyword in call.keywords}
                yield function, keywords


def prefix_of(node: ast.Import | ast.ImportFrom) -> str:
    """Return the part of the imported names that is before `import`, with its dots."""
    if isinstance(node, ast.Import):
        return ""
    return "." * node.level + (f"{node.module}." if node.module else "")


def _is_route(decorator: Any) -> bool:
    """Return True for a decorator such as `@router.get("/users")`."""
    match decorator:
        case ast.Call(func=ast.Attribute(attr=method, value=owner), args=arguments):
            names_router = ast.unparse(owner).endswith(("router", "app", "api"))
            match arguments:
                case [ast.Constant(value=str(path)), *_] if path.startswith("/"):
                    names_router = True
            return method in ROUTE_METHODS and names_router
    return False
