"""Commands that migrate and purge the database."""

import typer
from sqlalchemy.exc import DBAPIError

from app.core import migrations
from app.core.database_errors import reason_of
from app.runtime.terminal import current_features, failure, load_settings, run_in_unit_of_work
from app.runtime.unit_of_work import UnitOfWork

commands = typer.Typer()


@commands.command()
def migrate() -> None:
    """Migrate the database to the newest revision."""
    settings = load_settings(current_features())
    try:
        migrations.upgrade(settings)
    except migrations.MigrationError as error:
        raise failure(str(error)) from error
    except DBAPIError as error:
        raise failure(f"The database cannot be migrated: {reason_of(error)}.") from error
    typer.echo(f"The database is at revision {migrations.newest_revision()}.")


@commands.command()
def purge() -> None:
    """Delete rows that have expired, such as sessions and tokens. Run it once a day."""
    deleted = run_in_unit_of_work(_purge)
    typer.echo(f"Deleted {', '.join(f'{count} {name}' for name, count in deleted.items())}.")


async def _purge(unit: UnitOfWork) -> dict[str, int]:
    return {
        name: await purge(unit)
        for feature in unit.resources.features
        for name, purge in feature.purges.items()
    }
