"""Rate limits over HTTP: every route has one, and no client can avoid it."""

import hashlib
import os
import re
import secrets
from asyncio import gather
from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from httpx import AsyncClient, Response
from limits import RateLimitItem

from app.core.config import Settings
from app.http.rate_limit import limiter
from app.main import create_app
from app.runtime.resources import Resources
from app.users.models import User
from tests.conftest import open_client
from tests.support.factories import API, Factory, request_token
from tests.support.isolation import captured_log
from tests.support.operations import OPERATIONS, Operation
from tests.support.registries import ENTRIES

LIMITED = [operation for operation in OPERATIONS if operation.path.startswith(API)]
WITHOUT_LOG_IN = [operation for operation in LIMITED if not operation.is_authenticated]

POLICIES = {id_: f"limit_{entry.limit}" for id_, entry in ENTRIES.items() if entry.limit}
SENSITIVE = [operation for operation in LIMITED if operation.id in POLICIES]

REGISTER = f"{API}/users"
WRONG_PASSWORD = "not the password of anyone"

SetLimits = Callable[..., None]


@pytest.fixture
def set_limits(app: FastAPI, settings: Settings) -> Iterator[SetLimits]:
    """Yield a function that changes settings of the limiter: `set_limits(limit_token="2/day")`."""
    rate_limiter = app.state.opened.rate_limiter

    def set_limits(**changes: object) -> None:
        rate_limiter.settings = settings.model_copy(update=changes)

    yield set_limits
    rate_limiter.settings = settings


async def request_statuses(client: AsyncClient, path: str, *requests: dict[str, str]) -> list[int]:
    """Return the status of a request with an empty body for each of these headers."""
    return [(await client.post(path, json={}, headers=headers)).status_code for headers in requests]


def behind(proxy: str, settings: Settings, resources: Resources) -> FastAPI:
    """Return an application that trusts this proxy."""
    trusted = {"trusted_proxies": [ip_network(proxy)]}
    app = create_app(settings.model_copy(update=trusted))
    app.state.resources = resources
    return app


def assert_rate_limited(response: Response, policy: str) -> None:
    """Check that the response is a 429 problem with Retry-After and the exceeded policy."""
    retry_after = response.headers["Retry-After"]
    name = policy.removeprefix("limit_")
    assert response.status_code == 429
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "rate_limited"
    assert 1 <= int(retry_after) <= 86_400
    assert f'"{name}";q=2;w=86400' in response.headers["RateLimit-Policy"].split(", ")
    assert f'"{name}";r=0;t={retry_after}' in response.headers["RateLimit"].split(", ")


class TestPolicies:
    def test_every_route_without_log_in_has_its_own_limit(self) -> None:
        assert {operation.id for operation in WITHOUT_LOG_IN} <= set(POLICIES)

    async def test_no_route_has_two_limits_because_slowapi_counts_only_the_first(
        self, app: FastAPI
    ) -> None:
        decorated = Counter(
            (context.path, *sorted(context.methods or ()))
            for context in iter_route_contexts(app.routes)
            for name in called_names(getattr(context, "dependant", Dependant()))
            if name in limiter._dynamic_route_limits
        )

        assert len(decorated) == len(SENSITIVE)
        assert set(decorated.values()) == {1}

    @pytest.mark.parametrize("operation", SENSITIVE, ids=lambda operation: operation.id)
    async def test_a_sensitive_route_is_a_429_once_its_own_limit_is_exceeded(
        self, client: AsyncClient, factory: Factory, set_limits: SetLimits, operation: Operation
    ) -> None:
        headers = (await factory.login()).headers
        policy = POLICIES[operation.id]
        set_limits(**{policy: "2/day"})

        first, second, third = [
            await client.post(operation.path, headers=headers, json={}) for _ in range(3)
        ]

        assert 429 not in (first.status_code, second.status_code)
        by_user = policy == "limit_mail_request" and operation.is_authenticated
        assert_rate_limited(third, f"{policy}_by_user" if by_user else policy)

    @pytest.mark.parametrize("operation", LIMITED, ids=lambda operation: operation.id)
    async def test_every_route_is_a_429_once_the_general_limit_is_exceeded(
        self, client: AsyncClient, set_limits: SetLimits, operation: Operation
    ) -> None:
        set_limits(limit_general="2/day")

        first, second, third = [
            await client.request(operation.method, operation.path_with(secrets.token_hex(4)))
            for _ in range(3)
        ]

        assert 429 not in (first.status_code, second.status_code)
        assert_rate_limited(third, "limit_general")

    @pytest.mark.parametrize("path", [f"{API}/users/me", f"{API}/users", f"{API}/auth/sessions"])
    async def test_all_routes_share_the_general_limit(
        self, client: AsyncClient, set_limits: SetLimits, path: str
    ) -> None:
        set_limits(limit_general="2/day")

        await client.get(f"{API}/users/one")
        await client.get(f"{API}/users/another")
        response = await client.get(path)

        assert_rate_limited(response, "limit_general")

    async def test_no_request_is_limited_if_limits_are_disabled(
        self, client: AsyncClient, user: User, set_limits: SetLimits
    ) -> None:
        policies = [name for name in Settings.model_fields if name.startswith("limit_")]
        set_limits(limits_enabled=False, **dict.fromkeys(policies, "1/day"))

        failures = [await request_token(client, user.email, WRONG_PASSWORD) for _ in range(3)]
        success = await request_token(client, user.email)

        assert [response.status_code for response in (*failures, success)] == [400, 400, 400, 200]
        assert "RateLimit" not in success.headers


def called_names(dependant: Dependant) -> Iterator[str]:
    """Yield the names of the functions that FastAPI calls for a route, in slowapi's form."""
    for dependency in dependant.dependencies:
        yield from called_names(dependency)
        yield f"{dependency.call.__module__}.{getattr(dependency.call, '__name__', '')}"


async def test_the_headers_of_a_success_contain_the_rest_of_each_limit(
    client: AsyncClient, set_limits: SetLimits
) -> None:
    set_limits(limit_general="50/day", limit_mail_request="20/2 hour")

    response = await client.post(f"{API}/auth/password-reset", json={"email": "a@example.com"})

    assert response.status_code == 202
    assert (
        response.headers["RateLimit-Policy"] == '"general";q=50;w=86400, "mail_request";q=20;w=7200'
    )
    assert re.fullmatch(
        r'"general";r=49;t=[1-9]\d*, "mail_request";r=19;t=[1-9]\d*', response.headers["RateLimit"]
    )
    assert "Retry-After" not in response.headers


async def test_retry_after_of_a_429_is_the_wait_for_the_exceeded_limit(
    client: AsyncClient, set_limits: SetLimits
) -> None:
    set_limits(limit_general="50/999 day", limit_registration="1/hour")

    await client.post(REGISTER, json={})
    response = await client.post(REGISTER, json={})

    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) <= 3600


class TestClientIdentity:
    @pytest.mark.parametrize("policy", ["limit_general", "limit_registration"])
    @pytest.mark.parametrize(
        "rotated",
        [
            {"Authorization": "Bearer {}"}, {"Cookie": "session={}"},
            {"X-Forwarded-For": "198.51.100.{}"}, {"Forwarded": "for=198.51.100.{}"},
            {"X-Real-IP": "198.51.100.{}"}, {"User-Agent": "browser/{}"},
        ],
        ids=str,
    )  # fmt: skip
    async def test_headers_do_not_change_the_client_that_a_limit_counts(
        self, client: AsyncClient, set_limits: SetLimits, policy: str, rotated: dict[str, str]
    ) -> None:
        set_limits(**{policy: "2/day"})
        requests = [{name: value.format(n) for name, value in rotated.items()} for n in range(3)]

        statuses = await request_statuses(client, REGISTER, *requests)

        assert statuses == [422, 422, 429]

    async def test_ids_in_the_path_do_not_change_the_client_that_a_limit_counts(
        self, client: AsyncClient, factory: Factory, set_limits: SetLimits
    ) -> None:
        headers = (await factory.admin()).headers
        set_limits(limit_general="2/day")

        responses = [await client.get(f"{API}/users/{n}", headers=headers) for n in range(3)]

        assert [response.status_code for response in responses] == [422, 422, 429]

    async def test_behind_a_trusted_proxy_limits_count_the_forwarded_address(
        self, settings: Settings, resources: Resources, set_limits: SetLimits
    ) -> None:
        proxied = behind("192.0.2.0/24", settings, resources)
        set_limits(limit_registration="2/day")
        one, another = ({"X-Forwarded-For": f"{random_ipv6_network()}::1"} for _ in range(2))

        async with open_client(proxied, ip="192.0.2.7") as client:
            statuses = await request_statuses(client, REGISTER, one, one, one, another)

        assert statuses == [422, 422, 429, 422]

    async def test_behind_a_trusted_proxy_limits_ignore_addresses_that_the_client_sent(
        self, settings: Settings, resources: Resources, set_limits: SetLimits
    ) -> None:
        proxied = behind("192.0.2.7", settings, resources)
        set_limits(limit_registration="2/day")
        client_ip = f"{random_ipv6_network()}::1"
        requests = [{"X-Forwarded-For": f"198.51.100.{n}, {client_ip}"} for n in range(3)]

        async with open_client(proxied, ip="192.0.2.7") as client:
            statuses = await request_statuses(client, REGISTER, *requests)

        assert statuses == [422, 422, 429]

    async def test_limits_ignore_the_forwarded_address_of_an_untrusted_client(
        self, settings: Settings, resources: Resources, set_limits: SetLimits
    ) -> None:
        proxied = behind("192.0.2.7", settings, resources)
        set_limits(limit_registration="2/day")
        requests = [{"X-Forwarded-For": f"198.51.100.{n}"} for n in range(3)]

        async with open_client(proxied) as client:
            statuses = await request_statuses(client, REGISTER, *requests)

        assert statuses == [422, 422, 429]

    @pytest.mark.usefixtures("resources")
    async def test_limits_count_an_ipv6_network_of_64_bits_as_one_client(
        self, app: FastAPI, set_limits: SetLimits
    ) -> None:
        set_limits(limit_registration="2/day")
        network = random_ipv6_network()
        ips = [f"{network}::1", f"{network}:ffff::2", f"{network}::3", f"{network[:-1]}0::1"]

        statuses = []
        for ip in ips:
            async with open_client(app, ip=ip) as client:
                statuses += await request_statuses(client, REGISTER, {})

        assert statuses == [422, 422, 429, 422]

    @pytest.mark.usefixtures("resources")
    async def test_limits_count_an_ipv4_mapped_address_as_its_ipv4_address(
        self, app: FastAPI, set_limits: SetLimits
    ) -> None:
        set_limits(limit_registration="2/day")
        host = f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}"
        ips = [f"::ffff:{host}.1", f"{host}.1", f"::ffff:{host}.1", f"::ffff:{host}.2"]

        statuses = []
        for ip in ips:
            async with open_client(app, ip=ip) as client:
                statuses += await request_statuses(client, REGISTER, {})

        assert statuses == [422, 422, 429, 422]

    async def test_password_checks_are_limited_by_user_and_not_by_address(
        self, app: FastAPI, client: AsyncClient, factory: Factory, user: User, set_limits: SetLimits
    ) -> None:
        sessions = [await factory.login(user) for _ in range(3)]
        other = await factory.login()
        path = f"{API}/users/me/password"
        set_limits(limit_password_check="2/day")

        statuses = await request_statuses(client, path, *[login.headers for login in sessions])
        async with open_client(app) as elsewhere:
            from_elsewhere = await request_statuses(elsewhere, path, sessions[0].headers)
        of_another_user = await request_statuses(client, path, other.headers)

        assert statuses == [422, 422, 429]
        assert from_elsewhere == [429]
        assert of_another_user == [422]


def random_ipv6_network() -> str:
    """Return a random /64 network, whose limits are unused. Its last digit is not 0."""
    return f"2001:db8:{secrets.token_hex(2)}:{secrets.randbelow(0xFFF) + 1:x}1"


class TestFailedLogIns:
    @pytest.mark.usefixtures("resources")
    async def test_failed_log_ins_are_logged_with_the_ip_and_without_the_email_address(
        self, app: FastAPI
    ) -> None:
        with captured_log() as log:
            async with open_client(app, ip="192.0.2.9") as client:
                known = await request_token(client, "ada@example.com", WRONG_PASSWORD)
                again = await request_token(client, "ada@example.com", WRONG_PASSWORD)

        lines = [line for line in log.lines if line["event"] == "login.refused"]
        assert (known.status_code, again.status_code) == (400, 400)
        assert [line["ip"] for line in lines] == ["192.0.2.9"] * 2
        assert len({line["account"] for line in lines}) == 1
        assert "@" not in lines[0]["account"]

    async def test_too_many_failed_log_ins_block_the_right_password_from_the_same_ip(
        self, client: AsyncClient, user: User, set_limits: SetLimits
    ) -> None:
        set_limits(limit_login_failures_per_ip="2/day")

        failures = [await request_token(client, user.email, WRONG_PASSWORD) for _ in range(3)]
        right = await request_token(client, user.email)

        assert [response.status_code for response in failures] == [400, 400, 429]
        assert (right.status_code, right.json()["code"]) == (429, "rate_limited")
        assert int(right.headers["Retry-After"]) >= 1

    async def test_failed_log_ins_block_neither_another_account_nor_another_ip(
        self, app: FastAPI, client: AsyncClient, factory: Factory, set_limits: SetLimits
    ) -> None:
        user, neighbour = await factory.user(), await factory.user()
        set_limits(limit_login_failures_per_ip="1/day")

        await request_token(client, user.email, WRONG_PASSWORD)
        blocked = await request_token(client, user.email)
        of_neighbour = await request_token(client, neighbour.email)
        async with open_client(app) as elsewhere:
            from_elsewhere = await request_token(elsewhere, user.email)

        assert blocked.status_code == 429
        assert of_neighbour.status_code == 200
        assert from_elsewhere.status_code == 200

    async def test_failed_log_ins_are_counted_together_for_all_spellings_of_an_address(
        self, client: AsyncClient, user: User, set_limits: SetLimits
    ) -> None:
        set_limits(limit_login_failures_per_ip="2/day")
        spellings = [user.email, user.email.upper(), f" {user.email} "]

        responses = [await request_token(client, email, WRONG_PASSWORD) for email in spellings]

        assert [response.status_code for response in responses] == [400, 400, 429]

    async def test_successful_log_ins_do_not_count_as_failures(
        self, client: AsyncClient, user: User, set_limits: SetLimits
    ) -> None:
        set_limits(limit_login_failures_per_ip="2/day", limit_login_failures_per_account="2/day")

        responses = [await request_token(client, user.email) for _ in range(4)]

        assert [response.status_code for response in responses] == [200] * 4

    async def test_failed_log_ins_are_limited_alike_for_known_and_unknown_addresses(
        self, app: FastAPI, user: User, set_limits: SetLimits
    ) -> None:
        set_limits(limit_login_failures_per_ip="2/day")

        responses = []
        for email in (user.email, "nobody@example.com"):
            async with open_client(app) as client:
                responses.append(
                    [await request_token(client, email, WRONG_PASSWORD) for _ in range(3)]
                )

        known, unknown = responses
        assert [response.status_code for response in known] == [400, 400, 429]
        assert [visible(response) for response in known] == [
            visible(response) for response in unknown
        ]

    async def test_failed_log_ins_from_many_ips_do_not_block_the_right_password(
        self, app: FastAPI, client: AsyncClient, user: User, set_limits: SetLimits
    ) -> None:
        set_limits(limit_login_failures_per_ip="5/day", limit_login_failures_per_account="2/day")
        failures = []
        for _ in range(3):
            async with open_client(app) as attacker:
                failures.append(await request_token(attacker, user.email, WRONG_PASSWORD))

        mistyped = await request_token(client, user.email, WRONG_PASSWORD)
        right = await request_token(client, user.email)

        assert [response.status_code for response in failures] == [400, 400, 429]
        assert (mistyped.status_code, right.status_code) == (429, 200)

    async def test_the_store_of_failed_log_ins_contains_no_email_address(
        self, client: AsyncClient, factory: Factory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user = await factory.user(email="ada@example.com")
        keys: list[str] = []
        key_for = RateLimitItem.key_for

        def recorded(self: RateLimitItem, *identifiers: str) -> str:
            keys.append(key_for(self, *identifiers))
            return keys[-1]

        monkeypatch.setattr(RateLimitItem, "key_for", recorded)

        await request_token(client, user.email, WRONG_PASSWORD)
        await request_token(client, "nobody@example.com", WRONG_PASSWORD)

        names = " ".join(keys)
        assert "login_failures_per_account" in names
        assert "example" not in names
        assert hashlib.sha256(user.email.encode()).hexdigest() not in names


def visible(response: Response) -> tuple[object, ...]:
    """Return the parts of the response that a client can compare, except the time."""
    headers = {**response.headers, "x-request-id": None, "retry-after": None}
    headers["ratelimit"] = re.sub(r"t=\d+", "t=", response.headers["RateLimit"])
    return response.status_code, response.json() | {"request_id": None}, headers


@pytest.mark.parametrize("policy", ["limit_general", "limit_registration"])
async def test_concurrent_requests_do_not_exceed_a_limit(
    live: AsyncClient, set_limits: SetLimits, policy: str
) -> None:
    set_limits(**{policy: "10/day"})

    responses = await gather(*[live.post(REGISTER, json={}) for _ in range(50)])

    assert Counter(response.status_code for response in responses) == {422: 10, 429: 40}


async def test_concurrent_log_ins_exceed_the_limit_at_most_by_the_hash_slots(
    live: AsyncClient, live_factory: Factory, set_limits: SetLimits
) -> None:
    user = await live_factory.user()
    set_limits(limit_login_failures_per_ip="10/day")
    slots = max(1, (os.cpu_count() or 1) - 1)

    responses = await gather(*[request_token(live, user.email, WRONG_PASSWORD) for _ in range(50)])

    guesses = Counter(response.status_code for response in responses)
    assert set(guesses) == {400, 429}
    assert 10 <= guesses[400] < 10 + slots
