"""Redis of `REDIS_URL`: the forms of its address, and when it counts as unavailable."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from limits import parse
from pydantic import SecretStr, ValidationError

from app.core import redis_pools
from app.core.config import Settings
from app.core.rate_limiter import open_rate_limiter
from app.core.redis_pools import async_pool, blocking_pool
from tests.support.redis_server import RedisServer, needs_redis_server

SECRET = "x" * 32
DELAY_SECONDS = 0.05
"""Delay of the proxy in each direction, in seconds. A round trip takes twice as long."""


def with_redis(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"redis_url": SecretStr(url)})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://127.0.0.1/1", {"host": "127.0.0.1", "db": 1}),
        ("redis://127.0.0.1", {"host": "127.0.0.1"}),
        ("redis://127.0.0.1/", {"host": "127.0.0.1"}),
        ("redis://cache:6380?db=3", {"host": "cache", "port": 6380, "db": 3}),
        ("redis://:p%40ss@cache:6379/0", {"password": "p@ss", "db": 0}),
        ("redis://ada:pass@[::1]:6379/0", {"username": "ada", "host": "::1"}),
        ("rediss://cache:6379/0?ssl_cert_reqs=none", {"ssl_cert_reqs": "none"}),
        ("unix:///run/redis.sock?db=2", {"path": "/run/redis.sock", "db": 2}),
    ],
)
async def test_both_redis_clients_accept_each_form_of_the_url(
    settings: Settings, url: str, expected: dict[str, object]
) -> None:
    Settings(_env_file=None, secret_key=SECRET, redis_url=url)
    async with open_rate_limiter(with_redis(settings, url)):
        pass  # neither client connects before its first command

    for pool in (blocking_pool(url), async_pool(url)):
        assert expected.items() <= pool.connection_kwargs.items()


@pytest.mark.parametrize(
    "url",
    [
        *("cache:6379", "http://cache", "redis+sentinel://cache/0", "valkey://cache"),
        *("redis://cache:port/0", "redis://cache/name", "redis://cache/0/1"),
        *("redis://:hunter2#@cache/0", "redis://:hunter2/@cache/0", "unix://?db=1"),
        *("redis://cache/0?unknown=1", "redis://cache/0?socket_timeout=soon"),
        "rediss://cache?ssl_cert_reqs=sometimes",
    ],
)
def test_an_invalid_redis_url_is_an_error_that_does_not_contain_the_url(url: str) -> None:
    with pytest.raises(ValidationError) as error:
        Settings(_env_file=None, secret_key=SECRET, redis_url=url)

    [fault] = error.value.errors()
    assert fault["loc"] == ("redis_url",)
    assert "redis://USER:PASSWORD@HOST" in fault["msg"]
    assert "hunter2" not in str(error.value)


@needs_redis_server
class TestReadiness:
    async def test_a_redis_that_accepts_writes_is_usable(
        self, settings: Settings, redis_server: RedisServer
    ) -> None:
        async with open_rate_limiter(with_redis(settings, redis_server.url)) as limits:
            assert await limits.store.is_usable() is True

    async def test_a_redis_replica_that_only_responds_to_pings_is_not_usable(
        self, settings: Settings, tmp_path: Path
    ) -> None:
        replica = RedisServer(tmp_path, "--replicaof", "127.0.0.1", "1")
        try:
            replica.start()
            async with open_rate_limiter(with_redis(settings, replica.url)) as limits:
                usable = await limits.store.is_usable()
        finally:
            replica.kill()

        assert usable is False

    async def test_a_successful_readiness_check_makes_the_limiter_use_redis_again(
        self, settings: Settings, redis_server: RedisServer
    ) -> None:
        async with open_rate_limiter(with_redis(settings, redis_server.url)) as limits:
            redis_server.freeze()
            while_frozen = await limits.store.is_usable()
            alone = limits.store.is_unavailable
            redis_server.thaw()
            thawed = await limits.store.is_usable()

            assert (while_frozen, alone, thawed) == (False, True, True)
            assert not limits.store.is_unavailable


@asynccontextmanager
async def delayed(port: int) -> AsyncIterator[str]:
    """Yield the URL of a Redis behind a proxy that delays every byte, as a distant network does."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                loop.call_later(DELAY_SECONDS, writer.write, data)
        finally:
            writer.transport.abort()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        tasks.add(loop.create_task(carry(reader, far_writer)))
        tasks.add(loop.create_task(carry(far_reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@needs_redis_server
async def test_a_redis_with_a_slow_network_counts_as_available(
    settings: Settings, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert redis_pools.SOCKET_TIMEOUT_SECONDS > 2 * DELAY_SECONDS
    # A slow machine adds to the delay.
    monkeypatch.setattr(redis_pools, "SOCKET_TIMEOUT_SECONDS", 5)
    # In another thread, because the blocking client stops the event loop of the test.
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(delayed(redis_server.port)) as url,
    ):
        async with open_rate_limiter(with_redis(settings, url)) as limits:
            usable = await limits.store.is_usable()
            limits.store.hit(parse("5/day"), "far")
            await limits.draw("general", "far")
            unavailable = limits.store.is_unavailable

    assert (usable, unavailable) == (True, False)
    assert "far" in await redis_server.keys()
