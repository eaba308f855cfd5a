"""Texts of a service that was made from a clone."""

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

README_SECTIONS = (
    "Two commands",
    "A request through a feature",
    "Two minutes with curl",
    "Make it yours",
    "Removing a feature",
    "Where to go next",
)
"""Sections of the README that a service keeps."""
CHANGELOG = """\
# Changelog

Changes that affect users and operators of the service, in the form of
[Keep a Changelog](https://keepachangelog.com/en/1.1.0/).

## [Unreleased]

## [{version}]

### Added

- The service, made from {origin}.
"""
RECORD_FILE = "0001-decisions-of-the-original.md"
RECORD = """\
# 1. The decisions of the original

## Context

This service was made from {origin}.

## Decision

These decisions of the original hold until a record in this folder replaces one.

{decisions}
"""
RECORD_SECTIONS = ("Context", "Decision", "Kept", "Memory")
"""Sections of the decision records that a service keeps."""
IN = r",(?: or)?(?: with)?\s`?IN=project`? or `?IN=task`?"
WITHOUT: Mapping[str, Mapping[str, str]] = {
    "tags": {
        rf"{IN} (?:for what|one that) belongs to (?:one|it)\b": "",
        rf"{IN}, which\scopies `tags`\.\s": ".\n",
        IN: "",
        r"`notes` or `tags`": "`notes`",
    },
    "tasks": {r" or `?IN=task`?": ""},
    "projects": {
        r"(?m)^\| role in a project .*\n": "",
        r" \(its project: `access\.get` with `[\w.]+`\)": "",
    },
}
"""Replacements in texts after the removal of a feature."""
FOUND = re.compile(
    r"(?m)^(CLAUDE\.md|docs/\S+\.md):(\d+): (?:there is no file|nothing in the code is named)"
)
"""Finding of the rule about names, in a text whose lines about a removed feature may be deleted."""
LINK = re.compile(r"\]\((\.\./[^)#]+)")
STARTS_BLOCK = re.compile(r"\s*([-*|]|\d+\.) ?")


def version(root: Path) -> str:
    """Return the version of the project."""
    found: str = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    return found


def shorten(root: Path, *, title: str, origin: str, removed: Collection[str]) -> None:
    """Replace README, changelog and decision records by short ones."""
    readme = root / "README.md"
    readme.write_text(short_readme(readme.read_text(), title=title, origin=origin, removed=removed))
    (root / "CHANGELOG.md").write_text(CHANGELOG.format(version=version(root), origin=origin))
    _replace(root / "SECURITY.md", r"(?m)^If your service started as a copy .+\n\n", "")
    _replace(root / "Makefile", r"(?m)^new: .*\n(\t.*\n)+\n?", "")
    for file in [root / ".ci" / "run", *root.glob(".github/workflows/*.yml")]:
        _replace(file, r"(?m)^.*scripts/with(out)?-.*\n", "")
    for file in [*root.glob("*.md"), *root.glob("docs/*.md"), *root.glob("benchmarks/**/*.py")]:
        if not file.is_symlink():
            _replace(file, r"adr/\d{4}-[\w-]+\.md", f"adr/{RECORD_FILE}")
            _replace(file, r"versions/\d{4}_\w+\.py", "versions/0001_initial.py")
    for file in texts_about_features(root):
        file.write_text(without_features(file.read_text(), removed))
    _replace(root / "pyproject.toml", r'"\.claude-plugin/\*", ', "")
    architecture = root / "tests" / "architecture"
    _replace(architecture / "articles.py", r'"\.claude-plugin", ', "")
    _replace(architecture / "selection.py", r' "tests/guardrails/test_hook\.py"', "")
    replace_records(root / "docs" / "adr", origin=origin)


def texts_about_features(root: Path) -> list[Path]:
    """Return the files that describe what `make resource` and access to a feature offer."""
    names = ("CLAUDE.md", "Makefile", "README.md", "docs/tour.md")
    return [*(root / name for name in names), *root.glob(".claude/skills/*/SKILL.md")]


def without_features(text: str, removed: Collection[str]) -> str:
    """Return the text without the parts that need removed features."""
    for feature, replacements in WITHOUT.items():
        for pattern, new in replacements.items() if feature in removed else ():
            text = re.sub(pattern, new, text)
    return text


def _replace(file: Path, pattern: str, new: str) -> None:
    file.write_text(re.sub(pattern, new, file.read_text()))


def short_readme(text: str, *, title: str, origin: str, removed: Collection[str]) -> str:
    """Return the README without what is about the original or a removed feature."""
    sections = re.findall(r"(?ms)^(#{2,3} (.+?)\n.+?)(?=^#{2,3} |\Z)", text)
    kept = "".join(section for section, heading in sections if heading in README_SECTIONS)
    kept = _without_paragraph(kept, "`make new ")
    if "seed" in removed:
        kept = _without_paragraph(kept, "`.venv/bin/python -m app seed`")
    return f"# {title}\n\nMade from {origin}. Describe your service here.\n\n{kept}"


def _without_paragraph(text: str, start: str) -> str:
    return re.sub(rf"(?m)^{re.escape(start)}.*\n(.+\n)*\n", "", text)


def replace_records(folder: Path, *, origin: str) -> None:
    """Replace the decision records by one with the contexts and decisions of all."""
    decisions = []
    for file in sorted(folder.glob("*.md")):
        decisions.append(decision(file.read_text()))
        file.unlink()
    (folder / RECORD_FILE).write_text(
        RECORD.format(origin=origin, decisions="\n\n".join(decisions))
    )


def decision(record: str) -> str:
    """Return the title of a decision record, and the sections that a service keeps."""
    [title] = re.findall(r"\A# \d+\. (.+)", record)
    sections = re.findall(r"(?ms)^## ((.+?)\n.+?)\s*(?=^## |\Z)", record)
    kept = [f"#### {section}" for section, heading in sections if heading in RECORD_SECTIONS]
    text = "\n\n".join([f"### {title}", *kept])
    return re.sub(r"\s\(`docs/adr/[\w.-]+`\)", "", text)


def remove_names(root: Path, check: Callable[[], str]) -> None:
    """Remove the table rows, list items and paragraphs that name what no longer exists.

    `check` returns the findings of the rule about names.
    """
    while found := {*FOUND.findall(check()), *_broken_links(root)}:
        # From the end, so that the numbers of the lines before stay right.
        for path, number in sorted(found, key=lambda place: int(place[1]), reverse=True):
            file = root / path
            file.write_text(without_block(file.read_text(), int(number)))


def _broken_links(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the path and the line of each link in `docs/` to a file that does not exist."""
    for file in root.glob("docs/*.md"):
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            if any(not (file.parent / target).exists() for target in LINK.findall(line)):
                yield file.relative_to(root).as_posix(), str(number)


def without_block(text: str, number: int) -> str:
    """Return the text without the table row, list item or paragraph at a line."""
    lines = text.splitlines(keepends=True)
    start = number - 1
    while start > 0 and lines[start - 1].strip() and not STARTS_BLOCK.match(lines[start]):
        start -= 1
    end = number
    while end < len(lines) and lines[end].strip() and not STARTS_BLOCK.match(lines[end]):
        end += 1
    return "".join(lines[:start] + lines[end:])
