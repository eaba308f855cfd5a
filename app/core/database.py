"""Database transactions.

The only module that commits and rolls back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database_errors import is_data_exception, is_unavailable, reason_of
from app.core.errors import AppError, InvalidInput, ServiceUnavailable
from app.core.logging import get_logger

MAX_WAIT_SECONDS = 2.0
"""Maximum time that a request waits for a transaction before it gets 503, in seconds."""

_logger = get_logger(__name__)


class DatabaseUnavailable(ServiceUnavailable):
    """Error 503: the database is unavailable."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason
        """Message of the driver. It is logged or printed, and never sent to a client."""


class Database:
    """Database with at most `capacity` open transactions. Further ones wait in their order."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        capacity: int,
        max_wait: float = MAX_WAIT_SECONDS,
    ) -> None:
        self.engine = engine
        self.capacity = capacity
        self.used = 0
        self.waiting = 0
        self._max_wait = max_wait
        self._turns = asyncio.Semaphore(capacity)
        self._write_sessions = _sessions(engine)
        self._read_sessions = _sessions(engine.execution_options(**_read_options(engine)))

    @asynccontextmanager
    async def transaction(
        self, *, read_only: bool = False, wait_indefinitely: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """Open a session in one transaction, and commit when the block ends.

        If the block raises an exception, the transaction is rolled back and the exception is raised
        again. An `AppError` with `keeps_writes` is raised again after a commit.

        A `read_only` block must not write or lock rows: on PostgreSQL it has no transaction, so
        writes could not be rolled back, and locks would end with the statement.

        While `capacity` transactions are open, a new one waits. After `max_wait` seconds it raises
        ServiceUnavailable, unless `wait_indefinitely`.
        Raises DatabaseUnavailable, and InvalidInput for values that the database cannot store.
        """
        await self._take_turn(None if wait_indefinitely else self._max_wait)
        self.used += 1
        try:
            async with self._open(read_only=read_only) as session:
                try:
                    yield session
                except AppError as error:
                    if error.keeps_writes:
                        await session.commit()
                    raise
                await session.commit()
        except DBAPIError as error:
            if is_unavailable(error):
                raise _unavailable(reason_of(error)) from error
            if is_data_exception(error):
                raise InvalidInput("A value cannot be stored.") from error
            raise
        finally:
            self.used -= 1
            self._turns.release()

    async def check_writable(self) -> None:
        """Raise DatabaseUnavailable if PostgreSQL accepts no writes.

        The server is then a standby, or a former primary after a failover.
        """
        if self.engine.dialect.name != "postgresql":
            return
        async with self.transaction(read_only=True) as session:
            connection = await session.connection()
            read_only = await connection.exec_driver_sql("SHOW transaction_read_only")
            if read_only.scalar_one() == "on":
                raise _unavailable("the server is read-only")

    async def _take_turn(self, max_wait: float | None) -> None:
        if not self._turns.locked():
            await self._turns.acquire()  # does not wait, so it needs no timer
            return
        self.waiting += 1
        try:
            async with asyncio.timeout(max_wait):
                await self._turns.acquire()
        except TimeoutError as error:
            raise ServiceUnavailable from error
        finally:
            self.waiting -= 1

    def _open(self, *, read_only: bool) -> AsyncSession:
        """Return a new session. Closing the session rolls back uncommitted changes."""
        return self._read_sessions() if read_only else self._write_sessions()


def _unavailable(reason: str) -> DatabaseUnavailable:
    """Log why the database is unavailable, and return the error to raise."""
    _logger.warning("database.unavailable", reason=reason)
    return DatabaseUnavailable(reason)


def _sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


def _read_options(engine: AsyncEngine) -> dict[str, object]:
    """Return the execution options of reads. On PostgreSQL they omit BEGIN and COMMIT.

    BEGIN and COMMIT would cost two round trips and change nothing, because under READ COMMITTED
    each statement sees all data that was committed before the statement began. This is safe
    behind PgBouncer too: it changes the connection only after a `Sync` message, which the driver
    sends after it has both prepared and executed a statement.
    """
    if engine.dialect.name == "postgresql":
        return {"read_only": True, "isolation_level": "AUTOCOMMIT"}
    return {"read_only": True}
