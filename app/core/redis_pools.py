"""Connections to the Redis of `REDIS_URL`. The only module that imports redis."""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from redis import ConnectionPool
    from redis.asyncio import ConnectionPool as AsyncConnectionPool

SOCKET_TIMEOUT_SECONDS = 0.25
"""Time limit of one network operation of the blocking client, in seconds.

slowapi waits on the event loop, so a Redis that hangs blocks the process once for this time. A
Redis that responds later counts as unavailable.
"""


def check_redis_url(url: str) -> None:
    """Raise ValueError if the URL is not valid for a connection."""
    try:
        parts = urlsplit(url)
        blocking_pool(url).make_connection()
        # The client would read any other path as database 0.
        path = "/.+" if parts.scheme == "unix" else "(/[0-9]*)?"
        readable = re.fullmatch(path, parts.path) is not None
    except Exception:  # noqa: BLE001 -- each kind of connection raises different errors
        readable = False
    if not readable:
        # No cause is attached, because its text may contain the password.
        raise ValueError(
            "must have the form `redis://USER:PASSWORD@HOST:PORT/NUMBER`, `rediss://…` or "
            "`unix://PATH?db=NUMBER`, and after `?` only options of redis-py's connections"
        )


def blocking_pool(url: str) -> "ConnectionPool":
    """Return a pool for the blocking client. It connects on first use."""
    from redis import ConnectionPool  # noqa: PLC0415 -- takes 6 MB and 50 ms

    pool = ConnectionPool.from_url(url)
    pool.connection_kwargs |= {
        "socket_timeout": SOCKET_TIMEOUT_SECONDS,
        "socket_connect_timeout": SOCKET_TIMEOUT_SECONDS,
    }
    return pool


def async_pool(url: str) -> "AsyncConnectionPool":
    """Return a pool for the asynchronous client. It connects on first use."""
    from redis.asyncio import ConnectionPool  # noqa: PLC0415 -- takes 6 MB and 50 ms

    return ConnectionPool.from_url(url)
