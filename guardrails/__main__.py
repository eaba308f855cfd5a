"""Commands that check a project against the constitution: `python -m guardrails --help`."""

import gc
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from guardrails import report
from guardrails.articles import read_articles
from guardrails.baseline import LargerBaselineError, count, read_baseline, record, without_recorded
from guardrails.project import ConfigurationError, Project, find_root, read_project
from guardrails.proof import unproved
from guardrails.registry import (
    FILE_RULES,
    all_rules,
    is_on,
    violations_in_application,
    violations_in_files,
    violations_of_project_rules,
)
from guardrails.rules import Violation

VERSION = ".".join(map(str, sys.version_info[:2]))
FORMATS = {"people": report.for_people, "agent": report.for_agents}


def check(project: Project, options: Namespace) -> int:
    """List the violations, in the whole project or in some files and folders."""
    paths = set(files_in(options.paths, project)) if options.paths else None
    rules = FILE_RULES if options.only == "files" or paths else all_rules(project)
    found = [*search(project, paths, options.only)]
    new = sorted(without_recorded(project, found), key=Violation.sort_key)
    for line in FORMATS[options.format](new, project):
        print(line)
    if options.format == "people" and paths is None:
        note(*report.rules_that_are_off(rules, project))
        if new:
            note(
                f"{len(new)} violations. `python -m guardrails explain ARTICLE` explains an article."
            )
        if not options.only and len(found) - len(new) < count(read_baseline(project)):
            note("Some recorded violations are fixed: run `python -m guardrails baseline`.")
    modules = project.modules if options.only != "application" else []
    checked = [module for module in modules if paths is None or module.path in paths]
    faults = [module.fault for module in checked if module.fault]
    note(*(f"Python {VERSION} cannot parse, so that no rule checks {fault}" for fault in faults))
    return 2 if faults else bool(new)


def files_in(paths: list[Path], project: Project) -> Iterator[str]:
    """Yield the paths of files and of the files in folders, relative to the root of the project.

    Raise ConfigurationError for a path that does not exist or is outside the project.
    """
    for path in map(Path.resolve, paths):
        if not path.exists():
            raise ConfigurationError(f"There is no file or folder {path}.")
        if not path.is_relative_to(project.root):
            raise ConfigurationError(f"{path} is not in {project.root}.")
        for file in path.rglob("*") if path.is_dir() else [path]:
            yield file.relative_to(project.root).as_posix()


def search(project: Project, paths: set[str] | None, only: str | None) -> Iterator[Violation]:
    """Yield the violations in the files, and those in the application unless files are named."""
    if only != "application":
        yield from violations_in_files(project, paths)
    if only != "files":
        yield from violations_of_project_rules(project, paths)
        if paths is None:
            yield from violations_in_application(project)


def note(*lines: str) -> None:
    """Print lines that are not violations, on standard error."""
    for line in lines:
        print(line, file=sys.stderr)


def prove(project: Project, _: Namespace) -> int:
    """List the rules that do not report a violation which is added to a copy of the project."""
    missed = [*unproved(project)]
    for rule in missed:
        print(f'No file in which the rule "{rule.name}" (article {rule.article}) reports this:')
        print(rule.sample_for(project))
    if not missed:
        proved = [rule for rule in all_rules(project) if is_on(rule, project)]
        print(f"Each of {len(proved)} rules reports a violation.")
    return bool(missed)


def explain(project: Project, options: Namespace) -> int:
    """Print an article, with its reason, its example and its checks."""
    article = read_articles(project).get(options.article)
    if article is None:
        raise ConfigurationError(f"There is no article {options.article}.")
    print(f"Article {article.number}: {article.title}")
    print(f"Why: {article.why}\nSee: {article.see}\nHeld by: {article.held_by}")
    return 0


def baseline(project: Project, _: Namespace) -> int:
    """Record all violations, so that only new ones fail. Their number may only fall."""
    rules = [rule for rule in all_rules(project) if is_on(rule, project)]
    try:
        print(record(project, rules, search(project, None, None)))
    except LargerBaselineError as error:
        note(str(error))
        return 1
    return 0


COMMANDS = {"check": check, "prove": prove, "explain": explain, "baseline": baseline}


def parse(arguments: list[str]) -> Namespace:
    """Return the options. The command is `check` if none is named.

    `--root` and `--config` may be before the command.
    """
    common = ArgumentParser(add_help=False)
    common.add_argument(
        "--root", type=Path, help="the project; default: the nearest pyproject.toml"
    )
    common.add_argument(
        "--config", type=Path, help="file with [tool.guardrails]; default: pyproject.toml"
    )
    parser = ArgumentParser("guardrails", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    parsers = {
        name: commands.add_parser(name, parents=[common], help=command.__doc__)
        for name, command in COMMANDS.items()
    }
    parsers["check"].add_argument(
        "paths", type=Path, nargs="*", help="files and folders; default: the whole project"
    )
    parsers["check"].add_argument("--format", choices=FORMATS, default="people")
    parsers["check"].add_argument("--only", choices=("files", "application"))
    parsers["explain"].add_argument("article", type=int)
    named, rest = common.parse_known_args(arguments)
    has_command = rest[:1] and rest[0] in {*COMMANDS, "-h", "--help"}
    options = parser.parse_args(rest if has_command else ["check", *rest])
    return Namespace(**{**vars(options), **vars(named)})


def main(arguments: list[str]) -> int:
    """Run a command. Return 0, 1 if it finds something to fix, or 2 if it cannot run."""
    options = parse(arguments)
    try:
        root = (options.root or find_root(Path.cwd())).resolve()
        return COMMANDS[options.command](read_project(root, options.config), options)
    except ConfigurationError as error:
        note(str(error))
        return 2


if __name__ == "__main__":
    # The process is short, and searching its syntax trees for garbage would take a quarter of it.
    gc.disable()
    sys.exit(main(sys.argv[1:]))
