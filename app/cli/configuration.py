"""Commands that create, check and document the configuration."""

import json
import secrets
from pathlib import Path
from typing import Annotated

import typer

from app.core.config import EXAMPLE_SECRET
from app.core.migrations import ROOT
from app.main import create_app
from app.runtime.settings import compose_settings
from app.runtime.terminal import current_features, load_settings, readable_file

ENV_FILE = Path(".env")
ENV_EXAMPLE = ROOT / ".env.example"

commands = typer.Typer()


@commands.command()
def init() -> None:
    """Write .env from .env.example with a new secret, unless .env exists."""
    if ENV_FILE.exists():
        return
    example = ENV_EXAMPLE.read_text("utf-8")
    secret = secrets.token_urlsafe(48)
    ENV_FILE.touch(mode=0o600)
    ENV_FILE.write_text(example.replace(EXAMPLE_SECRET, secret, 1), "utf-8")
    typer.echo("Created .env with a new SECRET_KEY.")


@commands.command()
def check_config() -> None:
    """Print every setting, with secrets masked, and every unknown variable.

    If a setting is not valid, print all errors, and exit with 1.
    """
    settings = compose_settings(current_features())
    with readable_file():
        values, unknown = settings.as_given(), settings.unknown()
    for name, value in values.items():
        typer.echo(f"{name.upper()}={value}")
    for name, meant in unknown.items():
        hint = f"; did you mean {meant.upper()}?" if meant else "."
        typer.echo(f"{name.upper()} is set but is not a setting{hint}", err=True)
    load_settings(current_features())


@commands.command()
def openapi(
    output: Annotated[Path, typer.Argument(help="File to write.")] = Path("openapi.json"),
) -> None:
    """Write the OpenAPI document to a file."""
    document = create_app(load_settings(current_features())).openapi()
    output.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    typer.echo(f"Wrote {output}.")
