"""Commands of the outbox: `python -m app worker` and `python -m app outbox --help`."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Annotated
from uuid import UUID

import typer

from app.core.config import Settings
from app.core.logging import configure_logging
from app.outbox.dependencies import get_outbox_service
from app.outbox.schemas import OutboxMessageShown
from app.outbox.worker import Worker
from app.runtime.feature import Feature
from app.runtime.resources import open_resources
from app.runtime.telemetry_factory import create_telemetry
from app.runtime.terminal import current_features, failure, load_settings, run_in_unit_of_work
from app.runtime.unit_of_work import UnitOfWork

TIME = "%Y-%m-%dT%H:%M:%SZ"

commands = typer.Typer()
outbox = typer.Typer(
    help="List and retry messages that could not be sent.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
commands.add_typer(outbox, name="outbox")


@commands.command()
def worker() -> None:
    """Process the messages of the outbox until SIGTERM.

    Set OUTBOX_EMBEDDED=false for the service, and run any number of workers.
    """
    features = current_features()
    settings = load_settings(features)
    configure_logging(settings)
    asyncio.run(_work(settings, features))


async def _work(settings: Settings, features: Sequence[Feature]) -> None:
    telemetry = create_telemetry(settings)
    async with (
        open_resources(settings, features) as resources,
        telemetry.exported(resources) if telemetry else nullcontext(),
    ):
        worker = Worker(resources)
        if telemetry:
            worker.report_lag_to(telemetry)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, worker.stop)
        await worker.run()


@outbox.command(name="list")
def list_messages(
    limit: Annotated[
        int, typer.Option(help="Maximum number of messages.", min=1, max=10_000)
    ] = 100,
) -> None:
    """List messages without their contents: dead ones first, then those that are longest due."""

    async def get_page(unit: UnitOfWork) -> Sequence[OutboxMessageShown]:
        return await (await get_outbox_service(unit)).get_page(limit=limit)

    for message in run_in_unit_of_work(get_page):
        state = f"due {message.due_at:{TIME}}" if message.due_at else "dead"
        typer.echo(
            f"{message.id}  {message.kind:13}  {state:24}  attempts {message.attempts:2}  "
            f"created {message.created_at:{TIME}}  {message.last_error or ''}".rstrip()
        )


@outbox.command()
def retry(
    message_id: Annotated[UUID | None, typer.Argument(help="Id of a dead message.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Retry all dead messages.")] = False,
) -> None:
    """Mark dead messages as due, so that workers retry them."""
    if every == (message_id is not None):
        raise typer.BadParameter("Give either an id or --all.")

    async def retry_messages(unit: UnitOfWork) -> int:
        return await (await get_outbox_service(unit)).retry(message_id=message_id)

    retried = run_in_unit_of_work(retry_messages)
    if message_id is not None and retried == 0:
        raise failure("No dead message has this id.")
    typer.echo(f"Messages that are due again: {retried}.")
