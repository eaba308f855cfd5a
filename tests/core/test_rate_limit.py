"""The limiter: its policies, its client addresses, and its store when Redis goes and comes back."""

import asyncio
import socket
from asyncio import gather
from collections.abc import Iterator
from functools import partial
from itertools import count, product

import pytest
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
from app.http.rate_limit import SharedLimiter, limiter
from tests.factories import API, Factory, request_token
from tests.redis_server import RedisServer, needs_redis_server

SECRET = "x" * 32
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
POLICIES = [name for name in Settings.model_fields if name.startswith("limit_")]


class TestPolicy:
    @pytest.mark.parametrize("name", POLICIES)
    def test_by_default_is_parsed(self, name: str) -> None:
        default = Settings.model_fields[name].default

        assert parse(default).amount == int(default.partition("/")[0])

    @pytest.mark.parametrize(
        ("amount", "multiple", "unit"),
        list(product(["1", "10", "999999"], ["", "1 ", "15 ", "999 ", "15"], SECONDS)),
    )
    def test_of_the_settings_means_what_it_says(
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
    def test_that_is_malformed_is_refused(self, policy: str) -> None:
        with pytest.raises(ValidationError, match="limit_general"):
            Settings(_env_file=None, secret_key=SECRET, limit_general=policy)

    @pytest.mark.parametrize("name", POLICIES)
    def test_that_is_malformed_is_refused_in_every_variable(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(name.upper(), "10/fortnight")

        with pytest.raises(ValidationError, match=name):
            Settings(_env_file=None, secret_key=SECRET)


class TestSettings:
    def test_of_slowapi_are_not_read_from_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RATELIMIT_ENABLED", "")
        monkeypatch.setenv("RATELIMIT_HEADERS_ENABLED", "false")
        monkeypatch.setenv("RATELIMIT_SWALLOW_ERRORS", "false")
        monkeypatch.setenv("RATELIMIT_DEFAULT", "1/day")
        monkeypatch.setenv("RATELIMIT_STORAGE_URL", "nowhere://")

        made = SharedLimiter()

        assert made.enabled is True
        assert made._headers_enabled is False
        assert made._swallow_errors is False
        assert made._default_limits == []

    async def test_that_turn_limits_off_leave_no_budget_exceeded(self, settings: Settings) -> None:
        key = str(new_id())
        changes = {"limits_enabled": False, "limit_general": "1/day"}

        async with limiter.open(settings.model_copy(update=changes)):
            drawn = [await limiter.draw("limit_general", key) for _ in range(2)]
            peeked = await limiter.peek("limit_general", key)

        assert [budget.exceeded for budget in (*drawn, peeked)] == [False] * 3

    @pytest.mark.usefixtures("app")
    async def test_and_store_of_the_outer_application_return_when_an_inner_one_closes(
        self, settings: Settings
    ) -> None:
        inner = settings.model_copy(update={"limit_general": "1/day", "redis_url": None})
        key = str(new_id())

        before = await limiter.draw("limit_general", key)
        async with limiter.open(inner):
            within = [await limiter.draw("limit_general", key) for _ in range(2)]
        after = await limiter.draw("limit_general", key)

        assert [budget.exceeded for budget in within] == [False, True]
        assert after.remaining == before.remaining - 1


@pytest.fixture(params=["refuses", "is silent"])
def absent_redis(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a Redis that refuses connections, or takes them and never answers."""
    monkeypatch.setattr(rate_limit_store, "TIMEOUT_TICKS", 40)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param == "is silent":
            server.listen()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}"


def with_redis(settings: Settings, url: str) -> Settings:
    """These settings, with this store and a budget of two registrations."""
    changes = {"redis_url": SecretStr(url), "limit_registration": "2/day"}
    return settings.model_copy(update=changes)


async def register(client: AsyncClient) -> int:
    """The status of a request that draws on both engines."""
    async with asyncio.timeout(5):
        response = await client.post(f"{API}/users", json={})
    return response.status_code


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the limiter logged of its store."""
    records = [record for record in caplog.records if record.name == "app.core.rate_limit_store"]
    return [record.__dict__["msg"]["event"] for record in records]


class TestAbsentRedis:
    async def test_fails_no_request_and_leaves_the_limits_to_the_process(
        self,
        client: AsyncClient,
        settings: Settings,
        absent_redis: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        async with limiter.open(with_redis(settings, absent_redis)):
            answers = [await register(client) for _ in range(4)]

        assert answers == [422, 422, 429, 429]
        assert events(caplog) == ["rate_limit.store_lost"]

    async def test_leaves_failed_log_ins_counted(
        self, client: AsyncClient, factory: Factory, settings: Settings, absent_redis: str
    ) -> None:
        user = await factory.user()
        changes = {"redis_url": SecretStr(absent_redis), "limit_login_failures_per_ip": "2/day"}

        async with limiter.open(settings.model_copy(update=changes)), asyncio.timeout(2):
            answers = [await request_token(client, user.email, "wrong") for _ in range(3)]

        assert [response.status_code for response in answers] == [400, 400, 429]

    async def test_is_noticed_by_the_engine_of_the_decorators_too(
        self, settings: Settings, absent_redis: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        item = parse("2/day")
        started = clock.monotonic()

        async with limiter.open(with_redis(settings, absent_redis)):
            drawn = [limiter.limiter.hit(item, "key") for _ in range(3)]
        async with limiter.open(with_redis(settings, absent_redis)):
            untouched = limiter.limiter.get_window_stats(item, "key")

        assert drawn == [True, True, False]
        assert untouched.remaining == 2
        assert events(caplog) == ["rate_limit.store_lost"] * 2
        assert clock.monotonic() - started < 1

    async def test_is_reported_without_delay(self, settings: Settings, absent_redis: str) -> None:
        async with limiter.open(with_redis(settings, absent_redis)), asyncio.timeout(4):
            usable = await limiter.is_store_usable()

        assert usable is False


@needs_redis_server
class TestRedis:
    @pytest.fixture
    def patient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A slow machine is not an absent Redis."""
        monkeypatch.setattr(redis_pools, "SOCKET_TIMEOUT_SECONDS", 5)

    @pytest.mark.usefixtures("patient")
    async def test_holds_what_both_engines_count_and_no_address(
        self,
        client: AsyncClient,
        factory: Factory,
        settings: Settings,
        redis_server: RedisServer,
    ) -> None:
        # No letters that a digest has.
        user = await factory.user(email="zuzu@example.com")

        async with limiter.open(with_redis(settings, redis_server.url)):
            answers = [await register(client) for _ in range(3)]
            await request_token(client, user.email, "wrong")
            keys = await redis_server.keys()

        assert answers == [422, 422, 429]
        assert "limit_general" in keys
        assert "limit_registration" in keys
        assert "limit_login_failures_per_account" in keys
        assert "zuzu" not in keys
        assert "example" not in keys

    @pytest.mark.usefixtures("patient")
    async def test_shares_the_limits_among_processes(
        self, client: AsyncClient, settings: Settings, redis_server: RedisServer
    ) -> None:
        answers = []
        for _ in range(3):
            async with limiter.open(with_redis(settings, redis_server.url)):
                answers.append(await register(client))

        assert answers == [422, 422, 429]

    async def test_that_dies_fails_no_request(
        self,
        client: AsyncClient,
        settings: Settings,
        redis_server: RedisServer,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        async with limiter.open(with_redis(settings, redis_server.url)):
            before = [await register(client) for _ in range(3)]
            redis_server.kill()
            after = [await register(client) for _ in range(3)]

        assert before == after == [422, 422, 429]
        assert events(caplog) == ["rate_limit.store_lost"]

    async def test_that_is_back_counts_again_after_the_back_off(
        self,
        client: AsyncClient,
        settings: Settings,
        redis_server: RedisServer,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async with limiter.open(with_redis(settings, redis_server.url)):
            await register(client)
            redis_server.kill()
            await register(client)
            redis_server.start()
            await register(client)
            too_soon = await redis_server.keys()
            later = clock.monotonic() + 60
            monkeypatch.setattr(clock, "monotonic", lambda: later)
            answers = [await register(client) for _ in range(3)]
            keys = await redis_server.keys()

        assert too_soon == ""
        assert answers == [422, 422, 429]
        assert "limit_general" in keys
        assert "limit_registration" in keys
        assert events(caplog) == ["rate_limit.store_lost", "rate_limit.store_back"]

    async def test_that_hangs_fails_no_request_and_counts_again_when_it_goes_on(
        self,
        client: AsyncClient,
        settings: Settings,
        redis_server: RedisServer,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async with limiter.open(with_redis(settings, redis_server.url)):
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
    async def test_asks_an_absent_redis_ever_more_rarely(
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

    async def test_has_one_request_ask_an_absent_redis_while_the_others_go_on(
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

    async def test_takes_no_busy_event_loop_for_an_absent_redis(
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
