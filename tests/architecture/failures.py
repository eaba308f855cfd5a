"""Failures in the output of each check, each with its article and an example."""

import re
from collections.abc import Iterator

from guardrails.articles import read_articles
from tests.architecture.project import PROJECT


def article_held_by(*patterns: str) -> str:
    """Return the article whose *Held by* matches the first pattern that matches any."""
    for pattern in patterns:
        for article in read_articles(PROJECT).values():
            if re.search(pattern, article.held_by):
                return article.reference
    return ""


def of_format(output: str) -> Iterator[str]:
    for path in re.findall(r"(?m)^(\S+?):\d+:\d+: unformatted", output):
        yield f"{path}: run `make format`"


def of_ruff(output: str) -> Iterator[str]:
    for location, group, number, message in re.findall(
        r"(?m)^(\S+?:\d+):\d+: ([A-Z]+)(\d+) (.+)$", output
    ):
        article = article_held_by(
            rf"ruff\b.*\b{group}{number}\b", rf"ruff\b.*\b{group}\b", r"ruff \("
        )
        yield f"{location}: {group}{number} {message} {article}"


def of_rules(output: str) -> Iterator[str]:
    yield from re.findall(r"(?m)^.+ \(article \d+; example: .+\)$", output)


def of_types(output: str) -> Iterator[str]:
    for line in re.findall(r"(?m)^\S+:\d+: error: .+$", output):
        yield f"{line} {article_held_by('mypy')}"


def of_imports(output: str) -> Iterator[str]:
    _, _, broken = output.partition("Broken contracts\n----------------\n")
    for contract, imports in re.findall(r"(?ms)^(\S.+?)\n-{9,}\n(.+?)(?:\n\n\n|\Z)", broken):
        prefixes = [f'"{re.escape(contract[:length])}"' for length in range(len(contract), 3, -1)]
        for line in re.findall(r"(?m)^- +(.+)$", imports):
            yield f"{line}: {contract} {article_held_by(*prefixes)}"


def of_tests(output: str) -> Iterator[str]:
    yield from re.findall(r"(?m)^Exit: (.+)$", output)
    for line in sorted(set(re.findall(r"(?m)^(?:FAILED|ERROR) (.+)$", output))):
        path = line.partition("::")[0]
        folder = path.rpartition("/")[0]
        yield f"{line} {article_held_by(re.escape(path), f'{re.escape(folder)}/`')}"
    for line in re.findall(r"(?m)^[A-Z]+ /\S*: \d{3} .+$", output):
        yield f"{line} {article_held_by('observed_responses')}"


def of_conformance(output: str) -> Iterator[str]:
    for operation, block in re.findall(r"(?ms)^_{3,} (\S+ \S+) _{3,}$(.+?)(?=^[_=]{3})", output):
        [request, *_] = re.findall(r"(?m)^ +(curl .+)$", block) or [""]
        for message in re.findall(r"(?m)^- (.+)$", block):
            yield f"{operation}: {message}: {request} {article_held_by('make conformance')}"
