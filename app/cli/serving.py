"""Commands that serve the API."""

import socket
from typing import Annotated

import typer

from app.cli.configuration import init
from app.cli.database import migrate
from app.http import server
from app.main import create_app
from app.runtime.terminal import check_migrations, current_features, failure, load_settings

PortOption = Annotated[
    int | None, typer.Option(help="Port to listen on. By default PORT.", min=1, max=65_535)
]

commands = typer.Typer()


@commands.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: PortOption = None,
) -> None:
    """Serve the API in this process. SIGTERM and SIGINT stop it without losing requests."""
    settings = load_settings(current_features())
    port = port or settings.port
    settings = settings.model_copy(update={"port": port})
    check_migrations()
    _confirm_free(host, port)
    typer.echo(f"API and docs:    http://{f'[{host}]' if ':' in host else host}:{port}/docs")
    typer.echo("Create an admin: make admin EMAIL=you@example.com")
    server.run(create_app(settings), settings, host=host, port=port)


@commands.command()
def start(
    port: PortOption = None,
) -> None:
    """Run init, migrate and serve in a fresh clone. For development."""
    init()
    migrate()
    serve(port=port)


def _confirm_free(host: str, port: int) -> None:
    """Print one line and exit with 1 if the port cannot be opened."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise failure(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another port: PORT=8001."
        ) from error
