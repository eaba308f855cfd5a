"""Queries that insert many rows at once."""

from collections.abc import Sequence

from sqlmodel import insert

from app.core.repositories import Repository, Values
from app.tasks.models import Task, TaskTag


class SeedRepository(Repository):
    """Queries that insert many rows at once, because entities would be slower."""

    async def add_tasks(self, tasks: Sequence[Values], links: Sequence[Values]) -> None:
        """Store at least one new task, and the links to their tags."""
        # With nulls, because each combination of absent columns would be a statement of its own.
        nulls = {"render_nulls": True}
        await self._session.exec(insert(Task), params=tasks, execution_options=nulls)
        if links:
            await self._session.exec(insert(TaskTag), params=links)
