"""Check of the servers that the environment names, before the first test."""

import asyncio
import os

from redis import Redis
from sqlalchemy import make_url, text

from app.core.database_engine import create_engine

MAY_CREATE = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"


def find_unusable_server() -> str | None:
    """Return a line that names the variable that must change and why, or None."""
    for name, check in (("TEST_DATABASE_URL", _check_database), ("TEST_REDIS_URL", _check_redis)):
        if url := os.environ.get(name):
            try:
                asyncio.run(check(url))
            except Exception as error:  # noqa: BLE001 -- the drivers raise many kinds
                reason = str(error).strip().splitlines() or [type(error).__name__]
                return f"{name} cannot be used: {reason[0]}"
    return None


async def _check_database(url: str) -> None:
    """Raise an error unless the suite can create databases for its workers."""
    address = make_url(url)
    name = address.database or ""
    if address.get_backend_name() != "postgresql":
        raise ValueError("must be the URL of a database on PostgreSQL")
    if not name.endswith("_test"):
        raise ValueError(
            f"the suite empties its database, so the name {name!r} must end in '_test'"
        )
    server = address.set(database="postgres").render_as_string(hide_password=False)
    engine = create_engine(server, pool_size=1)
    try:
        async with engine.connect() as connection:
            if not (await connection.execute(text(MAY_CREATE))).scalar_one():
                raise ValueError(
                    f"the role {address.username!r} must be allowed to create databases"
                )
    finally:
        await engine.dispose()


async def _check_redis(url: str) -> None:
    with Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
        client.ping()
