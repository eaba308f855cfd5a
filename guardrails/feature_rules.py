"""Rules about the folders of features."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from guardrails.project import Project
from guardrails.rules import Finding, SourceRule
from guardrails.source import Module, prefix_of

FEATURE = re.compile(r"(?m)^ +(\w+)\.\w+,$")
"""Line of the file that lists the features."""
VAGUE = {"base2", "helpers", "more", "utils"}
"""File names that do not name the content."""


@cache
def features(project: Project) -> list[str]:
    """Return the names of the features, in the order of the file that lists them."""
    return FEATURE.findall((project.root / project.features).read_text())


def folder_of(module: Module) -> str:
    """Return the package that contains the module, or an empty string."""
    parts = module.path.removeprefix(f"{module.project.package}/").split("/")
    return parts[0] if len(parts) > 1 else ""


def find_other_files(module: Module) -> Iterator[Finding]:
    project = module.project
    path = module.path.removeprefix(f"{project.package}/")
    *folders, name = path.removesuffix(".py").split("/")
    in_feature = folders and folders[0] not in project.platform
    if name in VAGUE:
        yield 1, f"`{name}.py` does not name its content"
    elif in_feature and len(folders) > 1:
        yield 1, "a feature has no folders with code: contracts would not check their imports"
    elif in_feature and name not in ("__init__", *project.files_of_a_feature):
        known = ", ".join(sorted(project.files_of_a_feature))
        yield 1, f"a feature has no `{name}.py`: use one of {known}"


def find_later_features(module: Module) -> Iterator[Finding]:
    project, folder = module.project, folder_of(module)
    known = features(project)
    if folder in project.platform:
        allowed = known if folder in project.composing else []
    elif folder in known:
        allowed = known[: known.index(folder) + 1]
    else:
        if folder and module.path.endswith("/__init__.py"):
            yield 1, f"the feature `{folder}` is not in `{project.features}`"
        return
    for line, imported in _imported_packages(module):
        if imported in known and imported not in allowed:
            yield line, f"`{folder}` must not import `{imported}`, which is above it in the order"


def _imported_packages(module: Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each imported package of the project's package."""
    package = module.project.package.rpartition("/")[2]
    parents = [package, *module.path.removeprefix(f"{module.project.package}/").split("/")[:-1]]
    for node in module.nodes(ast.Import, ast.ImportFrom):
        prefix = prefix_of(node)
        if dots := len(prefix) - len(prefix.lstrip(".")):
            prefix = ".".join([*parents[: len(parents) - dots + 1], prefix[dots:]])
        for alias in node.names:
            top, _, rest = f"{prefix}{alias.name}".partition(".")
            if top == package:
                yield node.lineno, rest.partition(".")[0]


def find_positional_ids(module: Module) -> Iterator[Finding]:
    for method in module.functions():
        for argument in (*method.args.posonlyargs, *method.args.args):
            if argument.arg.endswith("_id") and not method.name.startswith("_"):
                message = "must be keyword-only, so that ids cannot be swapped"
                yield method.lineno, f"`{argument.arg}` of `{method.name}` {message}"


RULES = [
    SourceRule(
        name="files of a feature",
        article=46,
        needs=("files_of_a_feature",),
        find=find_other_files,
        sample="",
        new_file="functions.py",
    ),
    SourceRule(
        name="features in order",
        article=46,
        needs=("features",),
        find=find_later_features,
        sample=lambda project: f"from {project.package} import {features(project)[-1]}",
    ),
    SourceRule(
        name="keyword-only ids",
        article=48,
        layers=("services",),
        find=find_positional_ids,
        sample="async def get(user_id): ...",
    ),
]
