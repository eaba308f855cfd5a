"""What commands share: the settings, and the way to fail."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError

from app.core.config import Settings
from app.core.database import DatabaseUnavailable
from app.core.errors import AppError
from app.core.logging import configure_logging
from app.core.migrations import MigrationError, known_revisions


def load_settings() -> Settings:
    """Return the settings. If they have faults, print all of them, and exit with 1."""
    with readable_file():
        try:
            return Settings()
        except ValidationError as error:
            faults = [
                f"{str(fault['loc'][0]).upper()}: {fault['msg'].removeprefix('Value error, ')}"
                for fault in error.errors()
            ]
            raise failure(*faults) from error


@contextmanager
def readable_file() -> Iterator[None]:
    """Exit with 1 and one line if `.env` cannot be read."""
    try:
        yield
    except UnicodeError as error:
        raise failure(".env: must be UTF-8 text; PowerShell may have written UTF-16") from error
    except OSError as error:
        raise failure(f".env: {error.strerror}") from error


def configure_command_logging(settings: Settings) -> None:
    """Log errors only, because a command prints the failure that a warning would log."""
    configure_logging(settings.model_copy(update={"log_level": "ERROR"}))


def failure_of(error: AppError) -> typer.Exit:
    """Print an error of a service, and return what to raise, so that the process exits with 1."""
    if isinstance(error, DatabaseUnavailable):
        return failure(f"The database is unavailable: {error.reason}.")
    violations = error.members().get("errors", [{"message": error.detail}])
    return failure(violations[0]["message"])


def check_migrations() -> None:
    """Exit with 1 and one line if the migrations of this code do not form one history."""
    try:
        known_revisions()
    except MigrationError as error:
        raise failure(str(error)) from error


def failure(*lines: str) -> typer.Exit:
    """Print what is wrong, and return what to raise, so that the process exits with 1."""
    for line in lines:
        typer.secho(line, fg=typer.colors.RED, err=True)
    return typer.Exit(1)
