"""SQLAlchemy engines, configured for PostgreSQL and for SQLite.

During a request, only this module and `database.py` distinguish the two databases.
"""

import asyncio
import socket
import sqlite3
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
from app.core.names import NAME

POOL_WAIT_SECONDS = 2.0
"""Maximum wait for a connection, in seconds. `Database` opens at most as many as the pool has."""
CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 0.25
"""Maximum time to close a connection, in seconds. It is short, because a request may wait."""
COMMAND_SECONDS = 12.0
"""Client-side statement timeout, in seconds. Longer than the server's `statement_timeout`, so that
it fires only if the server hangs.
"""

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
"""Driver arguments behind a pooler: prepared statements have no names. Named statements of two
clients could conflict, because the clients share connections.
"""
SQLITE_BUSY_TIMEOUT_MS = 5000

TCP_OPTIONS = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 5, "TCP_USER_TIMEOUT": 1500}
"""TCP keep-alive times in seconds, and the user timeout in milliseconds.

Keep-alive packets prevent a NAT from dropping idle connections. The user timeout makes a dropped
connection fail within two seconds. Options that the operating system lacks are skipped.
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
    """Return an engine for the database of the URL. It connects on first use.

    Migrations have no time limits. On SQLite they run without foreign keys, because recreating a
    table would delete the rows that refer to the table. Behind a pooler each transaction sets the
    server settings again, because it may run on another connection.
    """
    address = parse_database_url(url)
    if isinstance(address, SQLiteAddress):
        driver_url = URL.create("sqlite+aiosqlite", database=address.path)
        engine = _create_engine(driver_url, pool_size, {})
        _configure_sqlite(engine, foreign_keys=not for_migrations)
        return engine
    settings = POSTGRESQL_SETTINGS
    if for_migrations:
        settings = dict.fromkeys(settings, "0")  # 0 disables limits of the server and the role
    settings = {name: settings[name] for name in settings.keys() - address.options}
    arguments = _driver_arguments(address, {} if pooler else settings)
    arguments["command_timeout"] = None if for_migrations else COMMAND_SECONDS
    if pooler:
        arguments |= UNNAMED_STATEMENTS
    engine = _create_engine(URL.create("postgresql+asyncpg"), pool_size, arguments)
    _configure_postgresql(engine, settings if pooler else {})
    return engine


def _driver_arguments(address: PostgreSQLAddress, settings: dict[str, str]) -> dict[str, Any]:
    """Return the driver's arguments for connections to the address, with these server settings."""
    arguments: dict[str, Any] = {
        "timeout": address.connect_seconds or CONNECT_SECONDS,
        "server_settings": {
            "application_name": NAME,
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
        hide_parameters=True,  # the log would contain addresses and hashes
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
        # Every failure, from the host name to the log-in, makes the database unavailable.
        raise OperationalError(None, None, error, connection_invalidated=True) from error
    return connection


def _configure_postgresql(engine: AsyncEngine, transaction_settings: dict[str, str]) -> None:
    @event.listens_for(engine.sync_engine, "checkout")
    def on_checkout(connection: Any, _: ConnectionPoolEntry, __: PoolProxiedConnection) -> None:
        # The driver knows without a query that the server has closed the connection.
        if connection.driver_connection.is_closed():
            raise DisconnectionError  # makes the pool open a new connection

    if transaction_settings:
        names, values = list(transaction_settings), list(transaction_settings.values())

        @event.listens_for(engine.sync_engine, "begin")
        def on_begin(connection: Connection) -> None:
            # Reads have no transaction and no settings. Only the driver's timeout limits them.
            if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
                connection.exec_driver_sql(SET_LOCAL, (names, values))


def _on_error(context: ExceptionContext) -> DBAPIError | None:
    """Mark the connection as lost if the database is unavailable.

    The pool then replaces all connections. Network errors are converted to OperationalError.
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
        # Disable the driver's own transactions, which commit before DDL and lose savepoints.
        connection.isolation_level = None
        cursor = connection.cursor()
        # The timeout is set first, because the next statement may wait for a lock.
        cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT_MS}")
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            # SQLite does not wait while another process changes the mode of a new database.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        # After a plain BEGIN, a transaction that reads and then writes fails if another one has
        # written in between. BEGIN IMMEDIATE makes it wait for the other one at its beginning.
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
