"""The outbox on the command line: `python -m app worker` and `python -m app outbox --help`."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from app.core.config import Settings
from app.core.errors import AppError
from app.core.logging import configure_logging
from app.http.rate_limit import limiter
from app.main import make_telemetry, watch
from app.outbox.service import OutboxService
from app.outbox.worker import Worker
from app.runtime.resources import open_resources
from app.runtime.services import unit_of_work
from app.runtime.terminal import configure_command_logging, failure, failure_of, load_settings

TIME = "%Y-%m-%dT%H:%M:%SZ"
T = TypeVar("T")

outbox = typer.Typer(
    help="See and retry what could not be sent.", no_args_is_help=True, rich_markup_mode=None
)


def worker() -> None:
    """Send what is in the outbox, until SIGTERM. Run as many as you like, beside
    OUTBOX_EMBEDDED=false.
    """
    settings = load_settings()
    configure_logging(settings)
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    telemetry = make_telemetry(settings)
    async with (
        open_resources(settings) as resources,
        telemetry.exported(resources, limiter) if telemetry else nullcontext(),
    ):
        worker = Worker(resources)
        if telemetry:
            watch(worker, telemetry)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, worker.stop)
        await worker.run()


@outbox.command(name="list")
def list_messages(
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=10_000)] = 100,
) -> None:
    """List messages: the dead first, then those that are longest due. Never what they say."""
    for message in _run(lambda messages: messages.get_page(limit=limit)):
        state = f"due {message.due_at:{TIME}}" if message.due_at else "dead"
        typer.echo(
            f"{message.id}  {message.kind:13}  {state:24}  attempts {message.attempts:2}  "
            f"created {message.created_at:{TIME}}  {message.last_error or ''}".rstrip()
        )


@outbox.command()
def retry(
    message_id: Annotated[UUID | None, typer.Argument(help="A dead message.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All dead messages.")] = False,
) -> None:
    """Have dead messages tried again, as if they were new."""
    if every == (message_id is not None):
        raise typer.BadParameter("Give either an id or --all.")
    retried = _run(lambda messages: messages.retry(message_id))
    if message_id is not None and retried == 0:
        raise failure("There is no dead message with this id.")
    typer.echo(f"Messages that are due again: {retried}.")


def _run(operation: Callable[[OutboxService], Awaitable[T]]) -> T:
    """What the operation gives, in a transaction. Refusals are printed, and the process exits."""
    settings = load_settings()
    configure_command_logging(settings)

    async def run() -> T:
        async with open_resources(settings) as resources, unit_of_work(resources) as services:
            return await operation(services.outbox)

    try:
        return asyncio.run(run())
    except AppError as error:
        raise failure_of(error) from error
