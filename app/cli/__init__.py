"""The command line: `python -m app --help`."""

import asyncio
import json
import secrets
import socket
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import DBAPIError

from app.core import migrations
from app.core.config import EXAMPLE_SECRET, Settings, admin_password
from app.core.database_errors import reason_of
from app.core.errors import AppError
from app.http import server
from app.main import create_app
from app.outbox.commands import outbox, worker
from app.projects.dependencies import ProjectServices
from app.runtime.purge import Purged
from app.runtime.resources import open_resources
from app.runtime.services import unit_of_work
from app.runtime.terminal import (
    check_migrations,
    configure_command_logging,
    failure,
    failure_of,
    load_settings,
    readable_file,
)
from app.users.schemas import Email, NewPassword

ENV_FILE = Path(".env")
ENV_EXAMPLE = migrations.ROOT / ".env.example"

cli = typer.Typer(
    help="Operate Plumbline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: Rich would colour it and cut its lines by variables of the environment.
    rich_markup_mode=None,
)
cli.command()(worker)
cli.add_typer(outbox, name="outbox")

PortOption = Annotated[
    int | None, typer.Option(help="Port to listen on. By default PORT, 8000.", min=1, max=65_535)
]

# What is typed here is held to the rules of the API.
_email: TypeAdapter[str] = TypeAdapter(Email)
_new_password: TypeAdapter[str] = TypeAdapter(NewPassword)


@cli.command()
def init() -> None:
    """Write .env from .env.example with a fresh secret, unless there is one."""
    if ENV_FILE.exists():
        return
    example = ENV_EXAMPLE.read_text("utf-8")
    secret = secrets.token_urlsafe(48)
    ENV_FILE.touch(mode=0o600)
    ENV_FILE.write_text(example.replace(EXAMPLE_SECRET, secret, 1), "utf-8")
    typer.echo("Wrote .env with a fresh SECRET_KEY.")


@cli.command()
def migrate() -> None:
    """Bring the database to the newest migration."""
    settings = load_settings()
    try:
        migrations.upgrade(settings)
    except migrations.MigrationError as error:
        raise failure(str(error)) from error
    except DBAPIError as error:
        raise failure(f"The database cannot be migrated: {reason_of(error)}.") from error
    typer.echo(f"The database is at {migrations.newest_revision()}.")


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: PortOption = None,
) -> None:
    """Serve the API in this process, until SIGTERM or SIGINT ends it in good order."""
    settings = load_settings()
    port = port or settings.port
    settings = settings.model_copy(update={"port": port})
    check_migrations()
    _confirm_free(host, port)
    typer.echo(f"API and docs:   http://{f'[{host}]' if ':' in host else host}:{port}/docs")
    typer.echo("Make an admin:  make admin EMAIL=you@example.com")
    server.run(create_app(settings), settings, host=host, port=port)


@cli.command()
def start(
    port: PortOption = None,
) -> None:
    """Do all that a fresh clone needs, then serve: init, migrate, serve. For development."""
    init()
    migrate()
    serve(port=port)


def _confirm_free(host: str, port: int) -> None:
    """Exit with 1 and one clear line if someone else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise failure(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another: PORT=8001."
        ) from error


@cli.command()
def create_admin(
    email: Annotated[str, typer.Argument(help="The admin's e-mail address.")],
) -> None:
    """Make an admin, or make an existing user one.

    The password is asked for, or taken from ADMIN_PASSWORD; an existing user keeps their own.
    """
    settings = load_settings()
    configure_command_logging(settings)
    try:
        outcome = asyncio.run(_create_admin(settings, _email.validate_python(email)))
    except ValidationError as error:
        raise failure(error.errors()[0]["msg"]) from error
    except AppError as error:
        raise failure_of(error) from error
    typer.echo(outcome)


async def _create_admin(settings: Settings, email: str) -> str:
    async with open_resources(settings) as resources:
        async with unit_of_work(resources) as services:
            if await services.users.raise_to_admin(email):
                return f"{email} is an admin now, with the password as it was."
        password = _new_password.validate_python(
            admin_password() or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        )
        async with resources.passwords.slot() as slot, unit_of_work(resources) as services:
            await services.users.create_admin(email, password=password, slot=slot)
    return f"{email} is an admin now."


@cli.command()
def purge() -> None:
    """Delete expired sessions, tokens and kept answers. Run it once a day."""
    settings = load_settings()
    configure_command_logging(settings)
    try:
        purged = asyncio.run(_purge(settings))
    except AppError as error:
        raise failure_of(error) from error
    typer.echo(
        f"Deleted {purged.sessions} sessions, {purged.one_time_tokens} one-time tokens, "
        f"{purged.idempotency_keys} idempotency keys."
    )


async def _purge(settings: Settings) -> Purged:
    async with open_resources(settings) as resources, unit_of_work(resources) as services:
        return await services.purge.purge()


@cli.command()
def openapi(
    output: Annotated[Path, typer.Argument(help="The file to write.")] = Path("openapi.json"),
) -> None:
    """Write the OpenAPI document to a file."""
    document = create_app(load_settings()).openapi()
    output.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    typer.echo(f"Wrote {output}.")


@cli.command()
def check_config() -> None:
    """Print every setting, with secrets masked, and every unknown variable; exit with 1
    and every fault if there is one.
    """
    with readable_file():
        given, unknown = Settings.as_given(), Settings.unknown()
    for name, value in given.items():
        typer.echo(f"{name.upper()}={value}")
    for name, meant in unknown.items():
        hint = f"; did you mean {meant.upper()}?" if meant else "."
        typer.echo(f"{name.upper()} is set but is not a setting{hint}", err=True)
    load_settings()


# example begins
SEED_BATCH = 5000
SEED_WRITERS = 3
"""While the database stores one batch, the next ones are made."""


@cli.command()
def seed(
    tasks: Annotated[int, typer.Option(help="How many tasks.", min=0, max=10_000_000)] = 200,
) -> None:
    """Add a project to a development database, always with the same people and tasks."""
    settings = load_settings()
    configure_command_logging(settings)
    if settings.is_production:
        raise failure("This is no database to play with: ENVIRONMENT is production.")
    password = secrets.token_urlsafe(16)
    try:
        project_id = asyncio.run(_seed(settings, password, tasks))
    except AppError as error:
        raise failure_of(error) from error
    typer.echo(f"Made project {project_id} with {tasks} tasks.")
    typer.echo(f"Log in as owner@, editor@ or viewer@example.com with the password {password}")


async def _seed(settings: Settings, password: str, tasks: int) -> UUID:
    async with open_resources(settings) as resources:
        async with resources.passwords.slot() as slot:
            password_hash = await slot.hash(password)
        async with unit_of_work(resources) as services:
            project = await ProjectServices(services).seed.make_project(password_hash)
        starts = iter(range(0, tasks, SEED_BATCH))

        async def add_batches() -> None:
            for start in starts:
                numbers = range(start, min(start + SEED_BATCH, tasks))
                async with unit_of_work(resources) as services:
                    await ProjectServices(services).seed.add_tasks(project, numbers)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(SEED_WRITERS):
                    group.create_task(add_batches())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
    return project.id
