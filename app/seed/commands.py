"""Command that fills a development database."""

import asyncio
import secrets
from typing import Annotated
from uuid import UUID

import typer

from app.runtime.resources import Resources
from app.runtime.terminal import current_features, failure, load_settings, run_command
from app.runtime.unit_of_work import open_unit_of_work
from app.seed.dependencies import get_seed_service

BATCH = 5000
"""Number of tasks in one transaction."""
WRITERS = 3
"""Number of transactions at once: while the database stores one, the next ones are prepared."""

commands = typer.Typer()


@commands.command()
def seed(
    tasks: Annotated[int, typer.Option(help="Number of tasks.", min=0, max=10_000_000)] = 200,
) -> None:
    """Create a project in a development database, always with the same users and tasks."""
    if load_settings(current_features()).is_production:
        raise failure("Seeding is for development only, and ENVIRONMENT is production.")
    password = secrets.token_urlsafe(16)
    project_id = run_command(lambda resources: _seed(resources, password, tasks))
    typer.echo(f"Created project {project_id} with {tasks} tasks.")
    typer.echo(f"Log in as owner@, editor@ or viewer@example.com with the password {password}")


async def _seed(resources: Resources, password: str, tasks: int) -> UUID:
    async with resources.passwords.slot() as slot:
        password_hash = await slot.hash(password)
    async with open_unit_of_work(resources) as unit:
        project = await (await get_seed_service(unit)).create_project(password_hash)
    starts = iter(range(0, tasks, BATCH))

    async def add_batches() -> None:
        for start in starts:
            numbers = range(start, min(start + BATCH, tasks))
            async with open_unit_of_work(resources) as unit:
                await (await get_seed_service(unit)).add_tasks(project, numbers)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(add_batches())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return project.id
