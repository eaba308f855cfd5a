"""What commands share: the settings, and the way to fail."""

import typer
from pydantic import ValidationError

from app.core.config import Settings
from app.core.database import DatabaseUnavailable
from app.core.errors import AppError


def load_settings() -> Settings:
    """The settings; if they have faults, all of them are printed and the process exits with 1."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors()]
        raise failure(*faults) from error


def failure_of(error: AppError) -> typer.Exit:
    """Print an error of a service, and return what to raise, so that the process exits with 1."""
    if isinstance(error, DatabaseUnavailable):
        return failure(f"The database is unavailable: {error.reason}.")
    violations = error.members().get("errors", [{"message": error.detail}])
    return failure(violations[0]["message"])


def failure(*lines: str) -> typer.Exit:
    """Print what is wrong, and return what to raise, so that the process exits with 1."""
    for line in lines:
        typer.secho(line, fg=typer.colors.RED, err=True)
    return typer.Exit(1)
