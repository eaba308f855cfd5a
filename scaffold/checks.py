"""Checks of the name of a new resource."""

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from scaffold.names import Resource, plural_of
from scaffold.renaming import Renaming, names_in

MAX_LENGTH = 20
"""Maximum length of a name, so that no line of a copy is too long."""
_FORM = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_USED = {*keyword.kwlist, *dir(builtins), "metadata", "references", "values"}
"""Names that Python, SQLAlchemy or SQL use."""
_TABLE = re.compile(r'__tablename__ = "(\w+)"')
_CLASS = re.compile(r"(?m)^class (\w+)")


def find_faults_of_form(singular: str, plural: str) -> Iterator[str]:
    """Yield the reasons why these cannot be the singular and the plural of a resource.

    The plural is empty if it is the regular one.
    """
    new = Resource(singular, plural or plural_of(singular))
    for name in (new.singular, new.plural):
        if not _FORM.fullmatch(name):
            yield f"`{name}` is not in snake case: write it like NAME=time_entry"
        if len(name) > MAX_LENGTH:
            yield f"`{name}` has more than {MAX_LENGTH} characters: choose a shorter name"
        if name in _USED:
            yield f"Python or SQL uses `{name}`: choose another name, such as user_{singular}"
    if not plural and re.search(r"[^su]s$", singular):
        yield f"`{singular}` looks like a plural: give its singular, or its plural as PLURAL="
    if new.singular == new.plural:
        yield f"the plural is also `{new.plural}`: give another one as PLURAL="
    if singular.startswith("test"):
        yield f"pytest takes `{singular}` for a test: choose another name"


def find_clashes(
    reference: Resource, new: Resource, sources: Iterable[str], root: Path
) -> Iterator[str]:
    """Yield the reasons why the project at the root cannot have the new resource.

    The sources are those of the reference feature, which will be renamed.
    """
    renaming = Renaming((reference, new))
    for place in (f"app/{new.plural}", f"app/{new.plural}.py", f"tests/{new.plural}"):
        if (root / place).exists():
            yield f"there is `{place}` already: choose another name"
    code = "".join(path.read_text() for path in sorted(root.glob("app/**/*.py")))
    if new.plural in _TABLE.findall(code):
        yield f"there is a table `{new.plural}` already: choose another name"
    names = set[str]().union(*map(names_in, sources))
    kept = {name for name in names if renaming.identifier(name) == name}
    new_names = {*map(renaming.identifier, names - kept)}
    if clashes := sorted(new_names & {*kept, *_CLASS.findall(code)}):
        yield f"the code uses `{clashes[0]}` already: choose another name"
