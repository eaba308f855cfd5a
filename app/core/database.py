"""The database: engine, transactions, and what is special to each dialect.

The only place that commits and rolls back, and the only one in a request that knows the dialect.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.errors import AppError, InvalidInput, ServiceUnavailable
from app.core.logging import get_logger

MAX_WAIT_SECONDS = 2.0
"""How long a request waits for its turn before it is answered 503."""
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 12.0
"""After which a server that has not even ended a statement by its own timeout is taken for dead."""

POSTGRESQL_OPTIONS = {
    "application_name": "plumbline",
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
}
SQLITE_BUSY_TIMEOUT_MS = 5000

# SQLSTATEs (PostgreSQL, appendix A) that say nothing against the request: a lost connection, an
# idle transaction, a deadlock, too few resources, a lock timeout, a cancelled statement.
TRANSIENT_SQLSTATES = ("08", "25P03", "40", "53", "55P03", "57")
DATA_EXCEPTIONS = "22"
LOCK_NOT_AVAILABLE = "55P03"

# What the driver raises while it connects; other kinds of OSError are faults of ours.
CONNECTION_ERRORS = (ConnectionError, TimeoutError, socket.gaierror)

_logger = get_logger(__name__)


def database_url(url: str) -> URL:
    """The URL with the asynchronous driver of its dialect."""
    parsed = make_url(url)
    drivers = {"postgresql": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
    return parsed.set(drivername=drivers[parsed.get_backend_name()])


def create_engine(url: str, *, pool_size: int, for_migrations: bool = False) -> AsyncEngine:
    """An engine with the right configuration of its dialect; it connects when first used.

    Migrations take as long as they take; and SQLite does not enforce foreign keys meanwhile,
    because a recreated table would cascade its rows away.
    """
    parsed = database_url(url)
    postgresql = parsed.get_backend_name() == "postgresql"
    engine = create_async_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=MAX_WAIT_SECONDS,
        pool_recycle=1800,
        hide_parameters=True,  # they would carry e-mail addresses and hashes to the log
        connect_args=_postgresql_arguments(for_migrations=for_migrations) if postgresql else {},
    )
    if postgresql:
        _configure_postgresql(engine)
    else:
        _configure_sqlite(engine, foreign_keys=not for_migrations)
    return engine


def _postgresql_arguments(*, for_migrations: bool) -> dict[str, Any]:
    return {
        "timeout": CONNECT_SECONDS,
        # By our own clock, because the server's timeouts end nothing when it hangs.
        "command_timeout": None if for_migrations else COMMAND_SECONDS,
        "server_settings": POSTGRESQL_OPTIONS,
    }


def _configure_postgresql(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "checkout")
    def on_checkout(connection: Any, _: ConnectionPoolEntry, __: PoolProxiedConnection) -> None:
        # The driver knows which ones a restart has closed; asking the server would cost a query.
        if connection.driver_connection.is_closed():
            raise DisconnectionError  # the pool opens another one


def _configure_sqlite(engine: AsyncEngine, *, foreign_keys: bool) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # The driver must begin nothing by itself: it would commit before DDL and lose savepoints.
        connection.isolation_level = None
        cursor = connection.cursor()
        # First, because the next one waits for a lock too.
        cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A transaction that reads and then writes fails at once when another wrote in between;
        # IMMEDIATE makes it wait for its turn instead.
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


class Database:
    """Hands out transactions, at most `capacity` at a time and in the order of asking."""

    def __init__(
        self, engine: AsyncEngine, *, capacity: int, max_wait: float = MAX_WAIT_SECONDS
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
        self, *, read_only: bool = False, patient: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """One session, one connection, one transaction: committed at the end, rolled back on any
        exception but a refusal that `keeps_writes`. A `read_only` one neither writes nor locks:
        nothing would undo or hold it, for on PostgreSQL each of its statements stands alone.

        Raises ServiceUnavailable when its turn does not come in time (a `patient` one waits for
        ever) or the database is away, and InvalidInput for values that it cannot store.
        """
        await self._take_turn(None if patient else self._max_wait)
        self.used += 1
        try:
            async with self._open(read_only=read_only) as session:
                try:
                    yield session
                except AppError as error:
                    if error.keeps_writes:
                        await session.commit()
                    raise
                except TimeoutError:
                    # A server that hangs would not answer the rollback either.
                    await session.invalidate()
                    raise
                await session.commit()
        except (DBAPIError, *CONNECTION_ERRORS) as error:
            if refusal := _refusal(error):
                _logger.warning("database.refused", exc_info=error)
                raise refusal from error
            raise
        finally:
            self.used -= 1
            self._turns.release()

    async def _take_turn(self, max_wait: float | None) -> None:
        if not self._turns.locked():
            await self._turns.acquire()  # at once, without a timer
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
        """A new session; leaving it rolls back what was not committed."""
        return self._read_sessions() if read_only else self._write_sessions()


def _sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


def _read_options(engine: AsyncEngine) -> dict[str, object]:
    """How to read. On PostgreSQL without BEGIN and COMMIT, which are two round trips: in a
    transaction too each statement sees what is committed when it begins (READ COMMITTED).
    """
    if engine.dialect.name == "postgresql":
        return {"read_only": True, "isolation_level": "AUTOCOMMIT"}
    return {"read_only": True}


def _refusal(error: Exception) -> AppError | None:
    """What the caller is told about a driver's error, unless it is a fault of ours."""
    if not isinstance(error, DBAPIError) or error.connection_invalidated:
        return ServiceUnavailable()
    sqlstate = getattr(error.orig, "sqlstate", None) or ""
    if sqlstate.startswith(TRANSIENT_SQLSTATES) or "database is locked" in str(error.orig):
        return ServiceUnavailable()
    if sqlstate.startswith(DATA_EXCEPTIONS):
        return InvalidInput("A value cannot be stored.")
    return None


def is_lock_timeout(error: DBAPIError) -> bool:
    """Whether a statement was given up because another transaction held what it wanted."""
    return getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE


def violated_constraint(error: IntegrityError) -> str | None:
    """The name of the constraint that refused a statement, by the naming convention.

    SQLite names the columns of a key instead, so its name is put together from them.
    """
    if name := getattr(getattr(error.orig, "__cause__", None), "constraint_name", None):
        return str(name)
    if match := re.search(r"UNIQUE constraint failed: (.+)", str(error.orig)):
        table = match[1].partition(".")[0]
        if getattr(error.orig, "sqlite_errorname", None) == "SQLITE_CONSTRAINT_PRIMARYKEY":
            return f"pk_{table}"
        columns = [column.partition(".")[2] for column in match[1].split(", ")]
        return "_".join(["uq", table, *columns])
    return None
