"""SQLAlchemy engines: connection and configuration for PostgreSQL and for SQLite.

Of the modules that a request runs, only this one and `database.py` depend on the dialect.
"""

import asyncio
import socket
from contextlib import suppress
from functools import partial
from typing import Any

import asyncpg
from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from app.core.database_errors import is_connection_lost
from app.core.database_url import PostgreSQLAddress, SQLiteAddress, parse_database_url

POOL_WAIT_SECONDS = 2.0
"""Maximum wait for a pooled connection, in seconds. `Database` never opens more than it has."""
CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 0.25
"""Maximum time for closing a connection, in seconds. Short, because a request may wait."""
COMMAND_SECONDS = 12.0
"""Client-side statement timeout, in seconds. Longer than the server's `statement_timeout`, so that
it fires only if the server hangs.
"""

APPLICATION_NAME = "plumbline"
POSTGRESQL_SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
}
SET_LOCAL = """
    SELECT set_config(name, value, true)
    FROM unnest($1::text[], $2::text[]) AS settings (name, value)
"""
UNNAMED_STATEMENTS = {
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
}
"""Arguments of the driver behind a pooler. Unnamed statements cannot conflict, and end with their
transaction.
"""
SQLITE_BUSY_TIMEOUT_MS = 5000

TCP_OPTIONS = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 5, "TCP_USER_TIMEOUT": 1500}
"""TCP keep-alive times in seconds, and the user timeout in milliseconds.

A NAT keeps the idle connections in its tables, and a connection that it has dropped fails within
two seconds. Options that the operating system does not have are skipped.
"""


class PostgreSQLConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """Connection that detects when the network has dropped it."""

    def __init__(self, protocol: Any, transport: asyncio.Transport, *rest: Any) -> None:
        super().__init__(protocol, transport, *rest)
        connected = transport.get_extra_info("socket")
        if connected.family != socket.AF_UNIX:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in TCP_OPTIONS.items():
                if option := getattr(socket, name, None):
                    connected.setsockopt(socket.IPPROTO_TCP, option, value)

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 -- asyncpg's name
        """Close the connection, and abort it if the server does not respond in time."""
        with suppress(TimeoutError):
            await super().close(timeout=min(timeout or CLOSE_SECONDS, CLOSE_SECONDS))


def create_engine(
    url: str, *, pool_size: int, pooler: bool = False, for_migrations: bool = False
) -> AsyncEngine:
    """Return an engine that is configured for its dialect. It connects when it is first used.

    Migrations have no time limits, and on SQLite they run without foreign keys, because recreating
    a table would delete the rows that refer to it. Behind a pooler no setting is stored in the
    session, because the next transaction may get another session.
    """
    address = parse_database_url(url)
    if isinstance(address, SQLiteAddress):
        driver_url = URL.create("sqlite+aiosqlite", database=address.path)
        engine = _create_engine(driver_url, pool_size, {})
        _configure_sqlite(engine, foreign_keys=not for_migrations)
        return engine
    settings = POSTGRESQL_SETTINGS
    if for_migrations:
        settings = dict.fromkeys(settings, "0")  # overrides those of the server and the role
    settings = {name: settings[name] for name in settings.keys() - address.options}
    arguments = _driver_arguments(address, {} if pooler else settings)
    arguments["command_timeout"] = None if for_migrations else COMMAND_SECONDS
    if pooler:
        arguments |= UNNAMED_STATEMENTS
    engine = _create_engine(URL.create("postgresql+asyncpg"), pool_size, arguments)
    _configure_postgresql(engine, settings if pooler else {})
    return engine


def _driver_arguments(address: PostgreSQLAddress, settings: dict[str, str]) -> dict[str, Any]:
    """Return the arguments of a connection to the address, with these settings of the session."""
    arguments: dict[str, Any] = {
        "timeout": address.connect_seconds or CONNECT_SECONDS,
        "server_settings": {
            "application_name": APPLICATION_NAME,
            **settings,
            **address.startup_parameters,
        },
        "async_creator_fn": partial(_connect, address),
    }
    if address.verification:
        arguments["ssl"] = address.verification.create_context()
    return arguments


def _create_engine(url: URL, pool_size: int, arguments: dict[str, Any]) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_recycle=1800,
        hide_parameters=True,  # they would put e-mail addresses and hashes into the log
        connect_args=arguments,
    )
    event.listen(engine.sync_engine, "handle_error", _on_error)
    return engine


async def _connect(address: PostgreSQLAddress, **arguments: Any) -> PostgreSQLConnection:
    """Connect to PostgreSQL. Raises OperationalError for every failure."""
    try:
        connection: PostgreSQLConnection = await asyncpg.connect(
            address.dsn, connection_class=PostgreSQLConnection, **arguments
        )
    except Exception as error:
        # From the resolver to the server, every failure makes the database unavailable.
        raise OperationalError(None, None, error, connection_invalidated=True) from error
    return connection


def _configure_postgresql(engine: AsyncEngine, transaction_settings: dict[str, str]) -> None:
    @event.listens_for(engine.sync_engine, "checkout")
    def on_checkout(connection: Any, _: ConnectionPoolEntry, __: PoolProxiedConnection) -> None:
        # The driver knows which connections a restart has closed, and needs no query for it.
        if connection.driver_connection.is_closed():
            raise DisconnectionError  # the pool opens a new connection

    if transaction_settings:
        names, values = list(transaction_settings), list(transaction_settings.values())

        @event.listens_for(engine.sync_engine, "begin")
        def on_begin(connection: Connection) -> None:
            # Only the driver's timeout limits a read outside of transactions.
            if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
                connection.exec_driver_sql(SET_LOCAL, (names, values))


def _on_error(context: ExceptionContext) -> DBAPIError | None:
    """Mark the connections of an unavailable database as lost, so that the pool replaces them all.

    Convert errors of the network to OperationalError.
    """
    error = context.sqlalchemy_exception
    if isinstance(error, DBAPIError):
        context.is_disconnect = context.is_disconnect or is_connection_lost(error)
        return None
    original = context.original_exception
    if isinstance(original, OSError):  # from the socket, or a timeout of the driver
        context.is_disconnect = True
        return OperationalError(None, None, original, connection_invalidated=True)
    return None


def _configure_sqlite(engine: AsyncEngine, *, foreign_keys: bool) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # By default the driver begins transactions, commits before DDL and loses savepoints.
        connection.isolation_level = None
        cursor = connection.cursor()
        # Must come first, because the next statement may wait for a lock.
        cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A transaction that reads and then writes fails at once if another has written in between.
        # With IMMEDIATE it waits for the other at its beginning.
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
