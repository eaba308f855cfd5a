"""Rules about the folders of features."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.architecture.edits import Edit, NewFile, prepend, set_field
from tests.architecture.project import LAYER_OF_FILE, PACKAGE, PLATFORM
from tests.architecture.rules import Finding, SourceRule
from tests.architecture.source import Module, find

VAGUE = {"base2", "helpers", "more", "utils"}
"""File names that do not name the content."""
ORDERED = {"core", "http", "mail", "runtime"}
"""Packages that import no feature. The command line, which serves the features, may import them."""
ROUTERS = {"fastapi.APIRouter", "fastapi.routing.APIRouter"}


@cache
def features() -> list[str]:
    """Return the names of the features, in the order of the list `FEATURES`."""
    [definition] = find("FEATURES").module.definitions("FEATURES")
    return re.findall(r"(\w+)\.feature\b", ast.unparse(definition))


def folder_of(module: Module) -> str:
    """Return the package of `app` that contains the module, or an empty string."""
    parts = module.path.split("/")
    return parts[1] if len(parts) > 2 else ""


def find_other_files(module: Module) -> Iterator[Finding]:
    *folders, name = module.path.removesuffix(".py").split("/")
    in_feature = len(folders) >= 2 and folder_of(module) not in PLATFORM
    if name in VAGUE:
        yield 1, f"`{name}.py` does not name its content"
    elif in_feature and len(folders) > 2:
        yield 1, "a feature has no folders with code: contracts would not check their imports"
    elif in_feature and name not in ("__init__", *LAYER_OF_FILE):
        yield 1, f"a feature has no `{name}.py`: use one of {', '.join(sorted(LAYER_OF_FILE))}"


def find_later_features(module: Module) -> Iterator[Finding]:
    folder = folder_of(module)
    if folder in PLATFORM:
        allowed = features() if folder not in ORDERED else []
    elif folder in features():
        allowed = features()[: features().index(folder) + 1]
    else:
        if folder and module.path.endswith("/__init__.py"):
            yield 1, f"the feature `{folder}` is not in `FEATURES` of `{find('FEATURES').path}`"
        return
    for line, imported in _imported_packages(module):
        if imported in features() and imported not in allowed:
            yield line, f"`{folder}` must not import `{imported}`, which is above it in the order"


def _imported_packages(module: Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each imported package of `app`."""
    for node in module.nodes(ast.Import, ast.ImportFrom):
        prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            top, _, rest = f"{prefix}{alias.name}".partition(".")
            if top == PACKAGE:
                yield node.lineno, rest.partition(".")[0]


def find_positional_ids(module: Module) -> Iterator[Finding]:
    for method in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        for argument in (*method.args.posonlyargs, *method.args.args):
            if argument.arg.endswith("_id") and not method.name.startswith("_"):
                message = "must be keyword-only, so that ids cannot be swapped"
                yield method.lineno, f"`{argument.arg}` of `{method.name}` {message}"


def find_routers(module: Module) -> Iterator[Finding]:
    for call in module.nodes(ast.Call):
        if module.qualified(call.func) in ROUTERS:
            yield call.lineno, "call `create_router`, which sets the class of the routes"


def parameters(signature: str) -> ast.arguments:
    function = ast.parse(f"async def f({signature}): ...").body[0]
    assert isinstance(function, ast.AsyncFunctionDef)
    return function.args


RULES = [
    SourceRule(
        name="files of a feature",
        article=46,
        see="app/passwords/__init__.py",
        find=find_other_files,
        edit=NewFile(f"{PACKAGE}/users/functions.py", '"""Functions."""\n'),
    ),
    SourceRule(
        name="features in order",
        article=46,
        see="FEATURES",
        find=find_later_features,
        edit=Edit("UserRepository.add", prepend("from app.accounts import service")),
    ),
    SourceRule(
        name="keyword-only ids",
        article=48,
        see="AccountService.delete",
        layers=("service",),
        find=find_positional_ids,
        edit=Edit("AccountService.get", set_field("args", parameters("self, user_id"))),
    ),
    SourceRule(
        name="routers by create_router",
        article=51,
        see="create_router",
        except_in=("create_router",),
        find=find_routers,
        edit=Edit("AccountService.get", prepend("import fastapi\nfastapi.APIRouter()")),
    ),
]
