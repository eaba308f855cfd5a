"""Rate limiter: its policies, its settings, and its store when Redis fails and recovers."""

import asyncio
import socket
from asyncio import gather
from collections.abc import Iterator
from functools import partial
from itertools import count, product

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter as AsyncEngine
from limits.errors import StorageError
from pydantic import SecretStr, ValidationError

from app.core import clock, rate_limit_store, redis_pools
from app.core.config import Settings
from app.core.ids import new_id
from app.core.rate_limit_store import Store
from app.core.rate_limiter import open_rate_limiter
from app.http.rate_limit import RouteLimiter
from app.users.models import User
from tests.support.factories import API, Factory, request_token
from tests.support.limits import use_limits
from tests.support.redis_server import RedisServer, needs_redis_server

SECRET = "x" * 32
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
POLICIES = [name for name in Settings.model_fields if name.startswith("limit_")]


class TestPolicy:
    @pytest.mark.parametrize("name", POLICIES)
    def test_the_default_of_each_limit_is_parsed(self, name: str) -> None:
        default = Settings.model_fields[name].default

        assert parse(default).amount == int(default.partition("/")[0])

    @pytest.mark.parametrize(
        ("amount", "multiple", "unit"),
        list(product(["1", "10", "999999"], ["", "1 ", "15 ", "999 ", "15"], SECONDS)),
    )
    def test_a_limit_is_parsed_into_its_amount_and_period(
        self, amount: str, multiple: str, unit: str
    ) -> None:
        settings = Settings(
            _env_file=None, secret_key=SECRET, limit_general=f"{amount}/{multiple}{unit}"
        )

        item = parse(settings.limit_general)

        assert item.amount == int(amount)
        assert item.get_expiry() == int(multiple or 1) * SECONDS[unit]

    @pytest.mark.parametrize(
        "policy",
        [
            "", "10", "ten/minute", "10/", "/minute", "10/fortnight", "10 per minute", "10/minutes",
            "0/minute", "-1/minute", "1.5/minute", "1000000/minute", "10/0 minute",
            "10/1000 minute", "10/minute;1/second", "10/minute,", "10/1  minute",
            "\u0661/minute", "10/MINUTE",
        ],
    )  # fmt: skip
    def test_a_malformed_limit_is_rejected(self, policy: str) -> None:
        with pytest.raises(ValidationError, match="limit_general"):
            Settings(_env_file=None, secret_key=SECRET, limit_general=policy)

    @pytest.mark.parametrize("name", POLICIES)
    def test_a_malformed_limit_in_the_environment_is_rejected(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(name.upper(), "10/fortnight")

        with pytest.raises(ValidationError, match=name):
            Settings(_env_file=None, secret_key=SECRET)


class TestSettings:
    def test_the_environment_variables_of_slowapi_have_no_effect(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RATELIMIT_ENABLED", "")
        monkeypatch.setenv("RATELIMIT_HEADERS_ENABLED", "false")
        monkeypatch.setenv("RATELIMIT_SWALLOW_ERRORS", "false")
        monkeypatch.setenv("RATELIMIT_DEFAULT", "1/day")
        monkeypatch.setenv("RATELIMIT_STORAGE_URL", "nowhere://")

        created = RouteLimiter()

        assert created._headers_enabled is False
        assert created._swallow_errors is False
        assert created._default_limits == []

    async def test_no_limit_is_exceeded_if_limits_are_disabled(self, settings: Settings) -> None:
        key = str(new_id())
        changes = {"limits_enabled": False, "limit_general": "1/day"}

        async with open_rate_limiter(settings.model_copy(update=changes)) as limits:
            drawn = [await limits.draw("general", key) for _ in range(2)]
            peeked = await limits.peek("general", key)

        assert [budget.exceeded for budget in (*drawn, peeked)] == [False] * 3

    async def test_closing_an_inner_application_restores_the_limits_of_the_outer_one(
        self, app: FastAPI, client: AsyncClient, settings: Settings
    ) -> None:
        inner = settings.model_copy(update={"limit_registration": "1/day", "redis_url": None})

        before = await register(client)
        async with use_limits(app, inner):
            within = [await register(client) for _ in range(2)]
        after = await register(client)

        assert (before, within, after) == (422, [422, 429], 422)


@pytest.fixture(params=["refuses", "is silent"])
def unavailable_redis(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Yield the URL of a Redis that refuses connections, or accepts them and never responds."""
    monkeypatch.setattr(rate_limit_store, "TIMEOUT_TICKS", 40)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param == "is silent":
            server.listen()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}"


def with_redis(settings: Settings, url: str) -> Settings:
    """Return the settings with this store and a limit of two registrations per day."""
    changes = {"redis_url": SecretStr(url), "limit_registration": "2/day"}
    return settings.model_copy(update=changes)


async def register(client: AsyncClient) -> int:
    """Return the status of a request that counts against limits in both engines."""
    async with asyncio.timeout(5):
        response = await client.post(f"{API}/users", json={})
    return response.status_code


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the events that the limiter logged about its store."""
    records = [record for record in caplog.records if record.name == "app.core.rate_limit_store"]
    return [record.__dict__["msg"]["event"] for record in records]


async def test_limits_are_counted_by_the_process_while_redis_is_unavailable(
    app: FastAPI,
    client: AsyncClient,
    settings: Settings,
    unavailable_redis: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with use_limits(app, with_redis(settings, unavailable_redis)):
        statuses = [await register(client) for _ in range(4)]

    assert statuses == [422, 422, 429, 429]
    assert events(caplog) == ["rate_limit.store_lost"]


async def test_failed_log_ins_are_counted_while_redis_is_unavailable(
    app: FastAPI, client: AsyncClient, user: User, settings: Settings, unavailable_redis: str
) -> None:
    changes = {"redis_url": SecretStr(unavailable_redis), "limit_login_failures_per_ip": "2/day"}

    async with use_limits(app, settings.model_copy(update=changes)), asyncio.timeout(2):
        responses = [await request_token(client, user.email, "wrong") for _ in range(3)]

    assert [response.status_code for response in responses] == [400, 400, 429]


async def test_the_blocking_engine_counts_alone_while_redis_is_unavailable(
    settings: Settings, unavailable_redis: str, caplog: pytest.LogCaptureFixture
) -> None:
    item = parse("2/day")
    started = clock.monotonic()

    async with open_rate_limiter(with_redis(settings, unavailable_redis)) as limits:
        drawn = [limits.store.hit(item, "key") for _ in range(3)]
    async with open_rate_limiter(with_redis(settings, unavailable_redis)) as limits:
        untouched = limits.store.get_window_stats(item, "key")

    assert drawn == [True, True, False]
    assert untouched.remaining == 2
    assert events(caplog) == ["rate_limit.store_lost"] * 2
    assert clock.monotonic() - started < 1


async def test_an_unavailable_redis_is_reported_as_not_usable_within_the_timeout(
    settings: Settings, unavailable_redis: str
) -> None:
    changed = with_redis(settings, unavailable_redis)
    async with open_rate_limiter(changed) as limits, asyncio.timeout(4):
        usable = await limits.store.is_usable()

    assert usable is False


@needs_redis_server
class TestRedis:
    @pytest.fixture
    def longer_timeout(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Raise the timeout so that a slow machine does not make Redis unavailable."""
        monkeypatch.setattr(redis_pools, "SOCKET_TIMEOUT_SECONDS", 5)

    @pytest.mark.usefixtures("longer_timeout")
    async def test_redis_stores_the_counts_of_both_engines_without_addresses(
        self,
        app: FastAPI,
        client: AsyncClient,
        factory: Factory,
        settings: Settings,
        redis_server: RedisServer,
    ) -> None:
        # An address without the letters of a hexadecimal digest.
        user = await factory.user(email="zuzu@example.com")

        async with use_limits(app, with_redis(settings, redis_server.url)):
            statuses = [await register(client) for _ in range(3)]
            await request_token(client, user.email, "wrong")
            keys = await redis_server.keys()

        assert statuses == [422, 422, 429]
        assert "general" in keys
        assert "registration" in keys
        assert "login_failures_per_account" in keys
        assert "zuzu" not in keys
        assert "example" not in keys

    @pytest.mark.usefixtures("longer_timeout")
    async def test_processes_share_their_limits_through_redis(
        self, app: FastAPI, client: AsyncClient, settings: Settings, redis_server: RedisServer
    ) -> None:
        statuses = []
        for _ in range(3):
            async with use_limits(app, with_redis(settings, redis_server.url)):
                statuses.append(await register(client))

        assert statuses == [422, 422, 429]

    async def test_a_redis_that_crashes_fails_no_request(
        self,
        app: FastAPI,
        client: AsyncClient,
        settings: Settings,
        redis_server: RedisServer,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        async with use_limits(app, with_redis(settings, redis_server.url)):
            before = [await register(client) for _ in range(3)]
            redis_server.kill()
            after = [await register(client) for _ in range(3)]

        assert before == after == [422, 422, 429]
        assert events(caplog) == ["rate_limit.store_lost"]

    async def test_a_redis_that_restarted_is_used_again_after_the_wait(
        self,
        app: FastAPI,
        client: AsyncClient,
        settings: Settings,
        redis_server: RedisServer,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async with use_limits(app, with_redis(settings, redis_server.url)):
            await register(client)
            redis_server.kill()
            await register(client)
            redis_server.start()
            await register(client)
            too_soon = await redis_server.keys()
            later = clock.monotonic() + 60
            monkeypatch.setattr(clock, "monotonic", lambda: later)
            statuses = [await register(client) for _ in range(3)]
            keys = await redis_server.keys()

        assert too_soon == ""
        assert statuses == [422, 422, 429]
        assert "general" in keys
        assert "registration" in keys
        assert events(caplog) == ["rate_limit.store_lost", "rate_limit.store_back"]

    async def test_a_redis_that_hangs_fails_no_request_and_is_used_again_afterwards(
        self,
        app: FastAPI,
        client: AsyncClient,
        settings: Settings,
        redis_server: RedisServer,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async with use_limits(app, with_redis(settings, redis_server.url)):
            before = await register(client)
            redis_server.freeze()
            frozen = [await register(client) for _ in range(3)]
            redis_server.thaw()
            later = clock.monotonic() + 60
            monkeypatch.setattr(clock, "monotonic", lambda: later)
            after = [await register(client) for _ in range(2)]

        assert before == 422
        assert frozen == [422, 422, 429]
        assert after == [422, 429]
        assert events(caplog) == ["rate_limit.store_lost", "rate_limit.store_back"]


class TestStore:
    async def test_the_wait_between_attempts_doubles_while_redis_is_unavailable(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        redis = AsyncEngine(MemoryStorage())
        store = Store(async_redis=redis)
        tries = []

        async def work(engine: AsyncEngine) -> None:
            if engine is redis:
                tries.append(clock.monotonic())
                raise StorageError(ConnectionError())

        for second in range(100):
            monkeypatch.setattr(clock, "monotonic", partial(float, second))
            await store.count(work)

        assert tries == [0, 1, 3, 7, 15, 31, 63, 95]

    async def test_only_one_of_ten_concurrent_requests_tries_an_unavailable_redis(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        redis = AsyncEngine(MemoryStorage())
        store = Store(async_redis=redis)
        tries = []

        async def work(engine: AsyncEngine) -> None:
            if engine is redis:
                tries.append(engine)
                await asyncio.sleep(0)
                raise StorageError(ConnectionError())

        await store.count(work)
        later = clock.monotonic() + 60
        monkeypatch.setattr(clock, "monotonic", lambda: later)
        await gather(*[store.count(work) for _ in range(10)])

        assert len(tries) == 2

    async def test_a_busy_event_loop_does_not_count_as_an_unavailable_redis(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        redis = AsyncEngine(MemoryStorage())
        loop = asyncio.get_running_loop()
        seconds = count(loop.time())
        monkeypatch.setattr(loop, "time", lambda: next(seconds))

        async def work(engine: AsyncEngine) -> AsyncEngine:
            for _ in range(20):
                await asyncio.sleep(0)
            return engine

        assert await Store(async_redis=redis).count(work) is redis
