"""Existence of the make targets, commands, programs and URLs that the README names."""

import re
import sys
from pathlib import Path

import pytest
import typer
from sqlalchemy import make_url

from app.cli import cli
from app.core.config import Settings
from app.core.migrations import ROOT
from tests.contract.readme import README
from tests.support.isolation import SECRET

FENCED = re.compile(r"(?ms)^ *```(\w+)\n(.+?)^ *```$")
BLOCKS = [block for language, block in FENCED.findall(README) if language == "sh"]
LINES = [
    *(line.partition(" #")[0].strip() for block in BLOCKS for line in block.splitlines()),
    *re.findall(r"`([^`]+)`", FENCED.sub("", README)),
]
TARGETS = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text())
REMOVED = set() if (ROOT / "app" / "seed").exists() else {"seed"}
"""Commands that the README may name although they were removed with a feature."""


def found(pattern: str) -> list[str]:
    """Return the first group of each command line that matches the pattern."""
    return [match[1] for line in LINES if (match := re.fullmatch(pattern, line))]


def commands_of(group: object) -> dict[str, object]:
    """Return the commands of a group by name, or an empty dictionary for a command."""
    commands: dict[str, object] = getattr(group, "commands", {})
    return commands


def test_each_make_target_of_the_readme_is_in_the_makefile() -> None:
    typed = [name for names in found(r"make ([^`]+)") for name in names.split() if "=" not in name]

    assert {"run", "test", "check", "docs", "format"} <= set(typed)
    assert set(typed) <= set(TARGETS)


@pytest.mark.parametrize("words", found(r"(?:\.venv/bin/)?python -m app ([^`]+)"))
def test_each_command_of_the_readme_is_a_command_of_the_cli(words: str) -> None:
    command: object = typer.main.get_command(cli)

    for name in words.split():
        if name not in REMOVED:
            assert name in commands_of(command)
            command = commands_of(command)[name]


def test_each_script_of_the_readme_exists() -> None:
    assert [path for path in found(r"(scripts/\S+).*") if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("program", found(r"\.venv/bin/(\S+).*"))
def test_each_program_of_the_readme_is_installed(program: str) -> None:
    assert (Path(sys.executable).parent / program).exists()


def test_the_settings_accept_the_test_server_urls_of_the_readme() -> None:
    [exported] = found(r"export (TEST_.+)")
    urls = dict(variable.split("=", 1) for variable in exported.split())

    settings = Settings(
        _env_file=None,
        secret_key=SECRET,
        database_url=urls["TEST_DATABASE_URL"],
        redis_url=urls["TEST_REDIS_URL"],
    )

    assert (make_url(settings.database_url.get_secret_value()).database or "").endswith("_test")
    assert settings.redis_url is not None
