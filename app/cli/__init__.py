"""Command line: `python -m app --help`."""

import typer

from app.cli import configuration, database, serving
from app.core.names import TITLE
from app.features import FEATURES
from app.runtime.terminal import use_features

cli = typer.Typer(
    help=f"Operate {TITLE}.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help, because Rich colours and cuts lines depending on the environment.
    rich_markup_mode=None,
)


@cli.callback()
def main() -> None:
    """Set the features of this process."""
    use_features(FEATURES)


for commands in (
    *(serving.commands, database.commands, configuration.commands),
    *(feature.commands for feature in FEATURES if feature.commands),
):
    cli.add_typer(commands)
