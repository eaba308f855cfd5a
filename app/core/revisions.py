"""History of the migrations. Their files are read, but not run."""

import ast
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter


@dataclass(frozen=True)
class History:
    """Revisions of the migrations in a folder, and their faults."""

    newest_first: tuple[str, ...]
    """All revisions, or none if there is a fault."""
    faults: tuple[str, ...]
    """Faults as sentences, with the files, the revisions and the fix."""


def read_history(sources: Mapping[str, bytes]) -> History:
    """Return the history of migrations. `sources` contains each source by its file name."""
    files: dict[str, str] = {}
    parents: dict[str, tuple[str, ...]] = {}
    faults = [*_read_files(sources, files, parents)] or [*_find_missing(files, parents)]
    if not faults:
        try:
            oldest_first = [*TopologicalSorter(parents).static_order()]
        except CycleError as error:
            cycle = " -> ".join(f"{revision} ({files[revision]})" for revision in error.args[1])
            faults = [f"The migrations form a cycle: {cycle}. Correct one `down_revision`."]
    if not faults:
        faults = [*_find_heads(files, parents)]
    return History(() if faults else tuple(reversed(oldest_first)), tuple(faults))


def _read_files(
    sources: Mapping[str, bytes], files: dict[str, str], parents: dict[str, tuple[str, ...]]
) -> Iterator[str]:
    """Add each revision's file and parents to the mappings, and yield the faults of files."""
    if not sources:
        yield "There are no migrations in `migrations/versions`."
    for file, source in sorted(sources.items()):
        try:
            revision, followed = _read_revision(file, source)
        except (SyntaxError, ValueError) as error:
            yield f"The migration {file} cannot be read: {error}."
            continue
        if revision in files:
            yield (
                f"The migrations {files[revision]} and {file} have the same revision {revision}. "
                "Change the revision of one that is not deployed yet."
            )
        files[revision], parents[revision] = file, followed


def _read_revision(file: str, source: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the revision of a migration and the revisions that it follows.

    Raises SyntaxError or ValueError if they cannot be read from the file.
    """
    values: dict[str, object] = {}
    for node in ast.parse(source, filename=file).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and isinstance(node, ast.Assign | ast.AnnAssign):
            with suppress(ValueError):
                values[target.id] = ast.literal_eval(node.value or ast.Constant(None))
    match values:
        case {"revision": str(revision), "down_revision": None}:
            return revision, ()
        case {"revision": str(revision), "down_revision": str(parent)}:
            return revision, (parent,)
        case {"revision": str(revision), "down_revision": tuple() | list() as followed}:
            return revision, tuple(map(str, followed))
    raise ValueError("it must set `revision` and `down_revision` to literals")


def _find_missing(
    files: Mapping[str, str], parents: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    for revision, followed in parents.items():
        for parent in followed:
            if parent not in files:
                yield (
                    f"The migration {files[revision]} follows the revision {parent}, which does "
                    "not exist. Set its `down_revision` to the newest revision."
                )


def _find_heads(files: Mapping[str, str], parents: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    heads = sorted(parents.keys() - {name for followed in parents.values() for name in followed})
    if len(heads) > 1:
        named = ", ".join(f"{head} ({files[head]})" for head in heads)
        yield (
            f"The migrations have {len(heads)} heads: {named}. "
            "Set `down_revision` of one that is not deployed yet to the other."
        )
