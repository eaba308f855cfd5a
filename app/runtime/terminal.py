"""Functions that commands share: they load settings, open units of work and print failures."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import typer
from pydantic import ValidationError

from app.core.config import Settings
from app.core.database import DatabaseUnavailable
from app.core.errors import AppError
from app.core.logging import configure_logging
from app.core.migrations import MigrationError, known_revisions
from app.runtime.feature import Feature
from app.runtime.resources import Resources, open_resources
from app.runtime.settings import compose_settings
from app.runtime.unit_of_work import UnitOfWork, open_unit_of_work

T = TypeVar("T")

_features: ContextVar[Sequence[Feature]] = ContextVar("features")


def current_features() -> Sequence[Feature]:
    """Return the features of the command line that is running."""
    return _features.get()


def use_features(features: Sequence[Feature]) -> None:
    """Set the features of the command line that is running."""
    _features.set(features)


def load_settings(features: Sequence[Feature]) -> Settings:
    """Return the settings. If some are not valid, print all errors, and exit with 1."""
    with readable_file():
        try:
            return compose_settings(features)()
        except ValidationError as error:
            faults = [
                f"{str(fault['loc'][0]).upper()}: {fault['msg'].removeprefix('Value error, ')}"
                for fault in error.errors()
            ]
            raise failure(*faults) from error


@contextmanager
def readable_file() -> Iterator[None]:
    """Print one line and exit with 1 if `.env` cannot be read."""
    try:
        yield
    except UnicodeError as error:
        raise failure(".env: must be UTF-8 text; PowerShell may have used UTF-16") from error
    except OSError as error:
        raise failure(f".env: {error.strerror}") from error


def configure_command_logging(settings: Settings) -> None:
    """Log errors only, because a command prints the failure that a warning would log."""
    configure_logging(settings.model_copy(update={"log_level": "ERROR"}))


def run_command(work: Callable[[Resources], Awaitable[T]]) -> T:
    """Call `work` with open resources. If a service raises an error, print it, and exit with 1."""
    features = current_features()
    settings = load_settings(features)
    configure_command_logging(settings)

    async def run() -> T:
        async with open_resources(settings, features) as resources:
            return await work(resources)

    try:
        return asyncio.run(run())
    except AppError as error:
        raise failure_of(error) from error


def run_in_unit_of_work(work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    """Call `work` with a unit of work, and handle errors as `run_command` does."""

    async def run(resources: Resources) -> T:
        async with open_unit_of_work(resources) as unit:
            return await work(unit)

    return run_command(run)


def failure_of(error: AppError) -> typer.Exit:
    """Print an error of a service, and return the exception that exits the process with 1."""
    if isinstance(error, DatabaseUnavailable):
        return failure(f"The database is unavailable: {error.reason}.")
    violations = error.extensions().get("errors", [{"message": error.detail}])
    return failure(violations[0]["message"])


def check_migrations() -> None:
    """Print one line and exit with 1 if the migrations of this code do not form one history."""
    try:
        known_revisions()
    except MigrationError as error:
        raise failure(str(error)) from error


def failure(*lines: str) -> typer.Exit:
    """Print the error messages, and return the exception that exits the process with 1."""
    for line in lines:
        typer.secho(line, fg=typer.colors.RED, err=True)
    return typer.Exit(1)
