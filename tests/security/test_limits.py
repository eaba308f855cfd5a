"""Limits over HTTP: every route has one, and no client can talk itself out of it."""

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
from tests.conftest import open_client
from tests.factories import API, Factory, request_token
from tests.isolation import captured_log
from tests.routes import OPERATIONS, Operation

LIMITED = [operation for operation in OPERATIONS if operation.path.startswith(API)]
WITHOUT_LOG_IN = [operation for operation in LIMITED if not operation.is_authenticated]

POLICIES = {
    f"POST {API}/users": "limit_registration",
    f"POST {API}/auth/token": "limit_token",
    f"POST {API}/auth/revoke": "limit_token",
    f"POST {API}/auth/verify-email": "limit_one_time_token",
    f"POST {API}/auth/verify-email/resend": "limit_mail_request",
    f"POST {API}/auth/password-reset": "limit_mail_request",
    f"POST {API}/auth/password-reset/confirm": "limit_one_time_token",
    f"POST {API}/users/me/password": "limit_password_check",
    f"POST {API}/users/me/deletion": "limit_password_check",
    f"POST {API}/projects/{{project_id}}/members": "limit_user_lookup",  # example
}
SENSITIVE = [operation for operation in LIMITED if operation.id in POLICIES]

REGISTER = f"{API}/users"
WRONG_PASSWORD = "not the password of anyone"

SetLimits = Callable[..., None]


@pytest.fixture
def set_limits(app: FastAPI, settings: Settings) -> Iterator[SetLimits]:
    """Changes settings of the limiter: `set_limits(limit_token="2/day")`."""
    yield lambda **changes: limiter.configure(settings.model_copy(update=changes))
    limiter.configure(settings)


async def statuses(client: AsyncClient, path: str, *requests: dict[str, str]) -> list[int]:
    """How the path answers empty bodies, each with these headers."""
    return [(await client.post(path, json={}, headers=headers)).status_code for headers in requests]


def behind(settings: Settings, proxy: str) -> Settings:
    """The settings of a service that trusts this proxy."""
    return settings.model_copy(update={"trusted_proxies": [ip_network(proxy)]})


def assert_refused(response: Response, policy: str) -> None:
    """A problem document, with when to come again and by which policy."""
    retry_after = response.headers["Retry-After"]
    name = policy.removeprefix("limit_")
    assert response.status_code == 429
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "rate_limited"
    assert 1 <= int(retry_after) <= 86_400
    assert f'"{name}";q=2;w=86400' in response.headers["RateLimit-Policy"].split(", ")
    assert f'"{name}";r=0;t={retry_after}' in response.headers["RateLimit"].split(", ")


class TestPolicies:
    def test_every_route_without_log_in_has_its_own(self) -> None:
        assert {operation.id for operation in WITHOUT_LOG_IN} <= set(POLICIES)

    async def test_no_route_has_two_for_slowapi_would_count_only_the_first(
        self, app: FastAPI
    ) -> None:
        decorated = Counter(
            (context.path, *sorted(context.methods or ()))
            for context in iter_route_contexts(app.routes)
            for name in calls(getattr(context, "dependant", Dependant()))
            if name in limiter._dynamic_route_limits
        )

        assert len(decorated) == len(SENSITIVE)
        assert set(decorated.values()) == {1}

    @pytest.mark.parametrize("operation", SENSITIVE, ids=lambda operation: operation.id)
    async def test_of_a_sensitive_route_trips(
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
        assert_refused(third, f"{policy}_by_user" if by_user else policy)

    @pytest.mark.parametrize("operation", LIMITED, ids=lambda operation: operation.id)
    async def test_for_all_requests_trips_on_every_route(
        self, client: AsyncClient, set_limits: SetLimits, operation: Operation
    ) -> None:
        set_limits(limit_general="2/day")

        first, second, third = [
            await client.request(operation.method, operation.path_with(secrets.token_hex(4)))
            for _ in range(3)
        ]

        assert 429 not in (first.status_code, second.status_code)
        assert_refused(third, "limit_general")

    @pytest.mark.parametrize("path", [f"{API}/users/me", f"{API}/users", f"{API}/auth/sessions"])
    async def test_for_all_requests_is_one_for_all_routes(
        self, client: AsyncClient, set_limits: SetLimits, path: str
    ) -> None:
        set_limits(limit_general="2/day")

        await client.get(f"{API}/users/one")
        await client.get(f"{API}/users/another")
        response = await client.get(path)

        assert_refused(response, "limit_general")

    async def test_let_all_through_when_limits_are_off(
        self, client: AsyncClient, factory: Factory, set_limits: SetLimits
    ) -> None:
        user = await factory.user()
        policies = [name for name in Settings.model_fields if name.startswith("limit_")]
        set_limits(limits_enabled=False, **dict.fromkeys(policies, "1/day"))

        failures = [await request_token(client, user.email, WRONG_PASSWORD) for _ in range(3)]
        success = await request_token(client, user.email)

        assert [response.status_code for response in (*failures, success)] == [400, 400, 400, 200]
        assert "RateLimit" not in success.headers


def calls(dependant: Dependant) -> Iterator[str]:
    """The names of all that FastAPI calls for a route, as slowapi writes them."""
    for dependency in dependant.dependencies:
        yield from calls(dependency)
        yield f"{dependency.call.__module__}.{getattr(dependency.call, '__name__', '')}"


class TestHeaders:
    async def test_of_a_success_tell_what_is_left_of_each_budget(
        self, client: AsyncClient, set_limits: SetLimits
    ) -> None:
        set_limits(limit_general="50/day", limit_mail_request="20/2 hour")

        response = await client.post(f"{API}/auth/password-reset", json={"email": "a@example.com"})

        assert response.status_code == 202
        assert (
            response.headers["RateLimit-Policy"]
            == '"general";q=50;w=86400, "mail_request";q=20;w=7200'
        )
        assert re.fullmatch(
            r'"general";r=49;t=[1-9]\d*, "mail_request";r=19;t=[1-9]\d*',
            response.headers["RateLimit"],
        )
        assert "Retry-After" not in response.headers

    async def test_of_a_refusal_ask_to_wait_for_the_budget_that_is_spent(
        self, client: AsyncClient, set_limits: SetLimits
    ) -> None:
        set_limits(limit_general="50/999 day", limit_registration="1/hour")

        await client.post(REGISTER, json={})
        response = await client.post(REGISTER, json={})

        assert response.status_code == 429
        assert int(response.headers["Retry-After"]) <= 3600


class TestIdentityOfTheClient:
    @pytest.mark.parametrize("policy", ["limit_general", "limit_registration"])
    @pytest.mark.parametrize(
        "rotated",
        [
            {"Authorization": "Bearer {}"},
            {"Cookie": "session={}"},
            {"X-Forwarded-For": "198.51.100.{}"},
            {"Forwarded": "for=198.51.100.{}"},
            {"X-Real-IP": "198.51.100.{}"},
            {"User-Agent": "browser/{}"},
        ],
        ids=str,
    )
    async def test_is_not_changed_by_headers(
        self, client: AsyncClient, set_limits: SetLimits, policy: str, rotated: dict[str, str]
    ) -> None:
        set_limits(**{policy: "2/day"})
        requests = [{name: value.format(n) for name, value in rotated.items()} for n in range(3)]

        answers = await statuses(client, REGISTER, *requests)

        assert answers == [422, 422, 429]

    async def test_is_not_changed_by_ids_in_the_path(
        self, client: AsyncClient, factory: Factory, set_limits: SetLimits
    ) -> None:
        headers = (await factory.admin()).headers
        set_limits(limit_general="2/day")

        answers = [await client.get(f"{API}/users/{n}", headers=headers) for n in range(3)]

        assert [response.status_code for response in answers] == [422, 422, 429]

    async def test_of_a_trusted_proxy_is_the_address_that_it_forwards(
        self, settings: Settings, resources: Resources, set_limits: SetLimits
    ) -> None:
        proxied = create_app(
            settings.model_copy(update={"trusted_proxies": [ip_network("192.0.2.0/24")]})
        )
        proxied.state.resources = resources
        set_limits(limit_registration="2/day")
        one, another = ({"X-Forwarded-For": f"{random_ipv6_network()}::1"} for _ in range(2))

        async with open_client(proxied, ip="192.0.2.7") as client:
            answers = await statuses(client, REGISTER, one, one, one, another)

        assert answers == [422, 422, 429, 422]

    async def test_of_a_trusted_proxy_is_not_what_its_client_says_was_forwarded_before(
        self, settings: Settings, resources: Resources, set_limits: SetLimits
    ) -> None:
        proxied = create_app(
            settings.model_copy(update={"trusted_proxies": [ip_network("192.0.2.7")]})
        )
        proxied.state.resources = resources
        set_limits(limit_registration="2/day")
        client_ip = f"{random_ipv6_network()}::1"
        requests = [{"X-Forwarded-For": f"198.51.100.{n}, {client_ip}"} for n in range(3)]

        async with open_client(proxied, ip="192.0.2.7") as client:
            answers = await statuses(client, REGISTER, *requests)

        assert answers == [422, 422, 429]

    async def test_is_not_what_a_stranger_forwards(
        self, settings: Settings, resources: Resources, set_limits: SetLimits
    ) -> None:
        proxied = create_app(
            settings.model_copy(update={"trusted_proxies": [ip_network("192.0.2.7")]})
        )
        proxied.state.resources = resources
        set_limits(limit_registration="2/day")
        requests = [{"X-Forwarded-For": f"198.51.100.{n}"} for n in range(3)]

        async with open_client(proxied) as client:
            answers = await statuses(client, REGISTER, *requests)

        assert answers == [422, 422, 429]

    @pytest.mark.usefixtures("resources")
    async def test_is_one_for_a_64_of_ipv6_and_no_larger_network(
        self, app: FastAPI, set_limits: SetLimits
    ) -> None:
        set_limits(limit_registration="2/day")
        network = random_ipv6_network()
        ips = [f"{network}::1", f"{network}:ffff::2", f"{network}::3", f"{network[:-1]}0::1"]

        answers = []
        for ip in ips:
            async with open_client(app, ip=ip) as client:
                answers += await statuses(client, REGISTER, {})

        assert answers == [422, 422, 429, 422]

    @pytest.mark.usefixtures("resources")
    async def test_is_the_ipv4_address_that_an_ipv6_socket_names(
        self, app: FastAPI, set_limits: SetLimits
    ) -> None:
        set_limits(limit_registration="2/day")
        host = f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}"
        ips = [f"::ffff:{host}.1", f"{host}.1", f"::ffff:{host}.1", f"::ffff:{host}.2"]

        answers = []
        for ip in ips:
            async with open_client(app, ip=ip) as client:
                answers += await statuses(client, REGISTER, {})

        assert answers == [422, 422, 429, 422]

    async def test_is_the_user_where_a_password_is_asked_for(
        self, app: FastAPI, client: AsyncClient, factory: Factory, set_limits: SetLimits
    ) -> None:
        user = await factory.user()
        sessions = [await factory.login(user) for _ in range(3)]
        other = await factory.login()
        path = f"{API}/users/me/password"
        set_limits(limit_password_check="2/day")

        answers = await statuses(client, path, *[login.headers for login in sessions])
        async with open_client(app) as elsewhere:
            from_elsewhere = await statuses(elsewhere, path, sessions[0].headers)
        of_another_user = await statuses(client, path, other.headers)

        assert answers == [422, 422, 429]
        assert from_elsewhere == [429]
        assert of_another_user == [422]


def random_ipv6_network() -> str:
    """A /64 that no other run has spent the limits of; its last digit is not 0."""
    return f"2001:db8:{secrets.token_hex(2)}:{secrets.randbelow(0xFFF) + 1:x}1"


class TestFailedLogIns:
    @pytest.mark.usefixtures("resources")
    async def test_are_logged_with_the_address_and_without_the_account(self, app: FastAPI) -> None:
        with captured_log() as log:
            async with open_client(app, ip="192.0.2.9") as client:
                known = await request_token(client, "ada@example.com", WRONG_PASSWORD)
                again = await request_token(client, "ada@example.com", WRONG_PASSWORD)

        lines = [line for line in log.lines if line["event"] == "login.refused"]
        assert (known.status_code, again.status_code) == (400, 400)
        assert [line["ip"] for line in lines] == ["192.0.2.9"] * 2
        assert len({line["account"] for line in lines}) == 1
        assert "@" not in lines[0]["account"]

    async def test_block_the_account_from_their_ip_for_the_right_password_too(
        self, client: AsyncClient, factory: Factory, set_limits: SetLimits
    ) -> None:
        user = await factory.user()
        set_limits(limit_login_failures_per_ip="2/day")

        failures = [await request_token(client, user.email, WRONG_PASSWORD) for _ in range(3)]
        right = await request_token(client, user.email)

        assert [response.status_code for response in failures] == [400, 400, 429]
        assert (right.status_code, right.json()["code"]) == (429, "rate_limited")
        assert int(right.headers["Retry-After"]) >= 1

    async def test_block_neither_another_account_nor_another_ip(
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

    async def test_are_counted_together_however_the_address_is_written(
        self, client: AsyncClient, factory: Factory, set_limits: SetLimits
    ) -> None:
        user = await factory.user()
        set_limits(limit_login_failures_per_ip="2/day")
        spellings = [user.email, user.email.upper(), f" {user.email} "]

        answers = [await request_token(client, email, WRONG_PASSWORD) for email in spellings]

        assert [response.status_code for response in answers] == [400, 400, 429]

    async def test_alone_are_counted(
        self, client: AsyncClient, factory: Factory, set_limits: SetLimits
    ) -> None:
        user = await factory.user()
        set_limits(limit_login_failures_per_ip="2/day", limit_login_failures_per_account="2/day")

        answers = [await request_token(client, user.email) for _ in range(4)]

        assert [response.status_code for response in answers] == [200] * 4

    async def test_of_unknown_addresses_are_counted_and_refused_alike(
        self, app: FastAPI, factory: Factory, set_limits: SetLimits
    ) -> None:
        user = await factory.user()
        set_limits(limit_login_failures_per_ip="2/day")

        answers = []
        for email in (user.email, "nobody@example.com"):
            async with open_client(app) as client:
                answers.append(
                    [await request_token(client, email, WRONG_PASSWORD) for _ in range(3)]
                )

        known, unknown = answers
        assert [response.status_code for response in known] == [400, 400, 429]
        assert [visible(response) for response in known] == [
            visible(response) for response in unknown
        ]

    async def test_from_everywhere_are_refused_but_the_right_password_is_not(
        self, app: FastAPI, client: AsyncClient, factory: Factory, set_limits: SetLimits
    ) -> None:
        user = await factory.user()
        set_limits(limit_login_failures_per_ip="5/day", limit_login_failures_per_account="2/day")
        failures = []
        for _ in range(3):
            async with open_client(app) as attacker:
                failures.append(await request_token(attacker, user.email, WRONG_PASSWORD))

        mistyped = await request_token(client, user.email, WRONG_PASSWORD)
        right = await request_token(client, user.email)

        assert [response.status_code for response in failures] == [400, 400, 429]
        assert (mistyped.status_code, right.status_code) == (429, 200)

    async def test_name_no_address_in_the_store(
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
        assert "limit_login_failures_per_account" in names
        assert "example" not in names
        assert hashlib.sha256(user.email.encode()).hexdigest() not in names


def visible(response: Response) -> tuple[object, ...]:
    """What a caller can compare, but for the second in which it was answered."""
    headers = {**response.headers, "x-request-id": None, "retry-after": None}
    headers["ratelimit"] = re.sub(r"t=\d+", "t=", response.headers["RateLimit"])
    return response.status_code, response.json() | {"request_id": None}, headers


class TestConcurrency:
    @pytest.mark.parametrize("policy", ["limit_general", "limit_registration"])
    async def test_lets_no_request_more_through_than_the_budget(
        self, live: AsyncClient, set_limits: SetLimits, policy: str
    ) -> None:
        set_limits(**{policy: "10/day"})

        answers = await gather(*[live.post(REGISTER, json={}) for _ in range(50)])

        assert Counter(response.status_code for response in answers) == {422: 10, 429: 40}

    async def test_lets_no_more_guesses_through_than_are_verified_at_once(
        self, live: AsyncClient, live_factory: Factory, set_limits: SetLimits
    ) -> None:
        user = await live_factory.user()
        set_limits(limit_login_failures_per_ip="10/day")
        slots = max(1, (os.cpu_count() or 1) - 1)

        answers = await gather(
            *[request_token(live, user.email, WRONG_PASSWORD) for _ in range(50)]
        )

        guesses = Counter(response.status_code for response in answers)
        assert set(guesses) == {400, 429}
        assert 10 <= guesses[400] < 10 + slots
