"""Log-in, refresh, revocation and sessions over HTTP."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from jose import jwt
from sqlmodel import col, select, update
from starlette.types import Message

from app.core import clock
from app.core.ids import new_id
from app.core.passwords import PasswordHasher
from app.runtime.resources import Resources
from app.sessions.models import LoginSession, RefreshToken
from app.users.models import User
from tests.support.factories import (
    API,
    OTHER_PASSWORD,
    PASSWORD,
    Factory,
    Login,
    login_of,
    refresh,
    request_token,
)


async def age(resources: Resources, login: Login, by: timedelta) -> None:
    """Change the session of a log-in as if it had started earlier."""
    async with resources.database.transaction() as session:
        stored = (
            await session.exec(select(LoginSession).where(LoginSession.user_id == login.user.id))
        ).one()
        stored.created_at -= by
        stored.last_used_at -= by
        stored.expires_at -= by


class TestLogIn:
    async def test_a_log_in_returns_a_token_pair_that_is_not_cached(
        self, client: AsyncClient, user: User
    ) -> None:
        response = await request_token(client, f" {user.email.upper()} ")

        pair = response.json()
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 900)
        assert set(pair) == {"access_token", "token_type", "expires_in", "refresh_token"}

    async def test_the_access_token_has_the_form_of_rfc_9068(self, login: Login) -> None:
        header = jwt.get_unverified_header(login.access_token)
        claims = jwt.get_unverified_claims(login.access_token)

        assert (header["typ"], header["alg"]) == ("at+jwt", "HS256")
        assert claims["sub"] == str(login.user.id)
        assert claims["exp"] - claims["iat"] == 900
        assert set(claims) == {"iss", "aud", "sub", "client_id", "sid", "iat", "exp", "jti"}

    async def test_a_failed_log_in_has_the_same_response_for_each_reason(
        self, client: AsyncClient, factory: Factory, user: User
    ) -> None:
        deactivated = await factory.user(is_active=False)

        responses = [
            await request_token(client, user.email, OTHER_PASSWORD),
            await request_token(client, "nobody@example.com"),
            await request_token(client, "no address"),
            await request_token(client, deactivated.email),
        ]

        problems = [{**response.json(), "request_id": None} for response in responses]
        assert [response.status_code for response in responses] == [400] * 4
        assert problems == [problems[0]] * 4
        assert problems[0]["error"] == problems[0]["code"] == "invalid_grant"
        assert problems[0]["error_description"]

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            ("", "invalid_request"),
            ("grant_type=password", "invalid_request"),
            ("grant_type=password&username=a%40example.com", "invalid_request"),
            ("username=a%40example.com&password=x", "invalid_request"),
            ("grant_type=password&grant_type=password&username=a&password=b", "invalid_request"),
            ("grant_type=password&username=a&username=b&password=c", "invalid_request"),
            ("grant_type=refresh_token", "invalid_request"),
            ("grant_type=refresh_token&refresh_token=", "invalid_request"),
            ("grant_type=refresh_token&refresh_token=%00", "invalid_request"),
            (f"grant_type=refresh_token&refresh_token={'x' * 3000}", "invalid_request"),
            (f"grant_type=password&username=a&password={'x' * 129}", "invalid_request"),
            ("grant_type=password&username=a&password=", "invalid_request"),
            ("&".join(f"p{number}=" for number in range(1001)), "invalid_request"),
            ("grant_type=client_credentials", "unsupported_grant_type"),
            ("grant_type=", "unsupported_grant_type"),
        ],
    )
    async def test_a_malformed_token_request_is_an_error_in_the_form_of_rfc_6749(
        self, client: AsyncClient, body: str, error: str
    ) -> None:
        response = await client.post(
            f"{API}/auth/token",
            content=body,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

        problem = response.json()
        assert (response.status_code, problem["error"]) == (400, error)
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["Cache-Control"] == "no-store"

    async def test_a_client_that_disconnects_during_a_log_in_is_a_400(self, app: FastAPI) -> None:
        statuses: list[int] = []

        async def disconnect() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            statuses.append(message.get("status", 0))

        scope = {
            "type": "http",
            "method": "POST",
            "path": f"{API}/auth/token",
            "query_string": b"",
            "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
            "client": ("127.0.0.1", 1),
        }
        await app(scope, disconnect, send)

        assert statuses[0] == 400

    async def test_a_token_request_that_is_not_a_form_is_rejected(
        self, client: AsyncClient
    ) -> None:
        response = await client.post(f"{API}/auth/token", json={"grant_type": "password"})

        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    async def test_a_log_in_ignores_unknown_parameters(
        self, client: AsyncClient, user: User
    ) -> None:
        form = {"grant_type": "password", "username": user.email, "password": PASSWORD}

        response = await client.post(f"{API}/auth/token", data={**form, "scope": "", "x": "y"})

        assert response.status_code == 200

    async def test_a_log_in_updates_a_hash_with_outdated_parameters(
        self, client: AsyncClient, factory: Factory, user: User, resources: Resources
    ) -> None:
        async with PasswordHasher(memory_kib=16, rounds=1, min_length=15).slot() as slot:
            outdated = await slot.hash(PASSWORD)
        async with resources.database.transaction() as session:
            await session.exec(update(User).values(password_hash=outdated))

        await request_token(client, user.email)

        stored = await factory.stored_user(user.id)
        assert stored is not None
        assert "m=8," in stored.password_hash
        assert (await request_token(client, user.email)).status_code == 200


async def test_a_401_names_the_authentication_scheme(client: AsyncClient) -> None:
    response = await client.get(f"{API}/users/me")

    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_an_access_token_of_an_expired_session_is_a_401(
    login: Login, resources: Resources
) -> None:
    await age(resources, login, timedelta(days=7))

    response = await login.get(f"{API}/users/me")

    assert response.status_code == 401


class TestRefresh:
    async def test_a_refresh_returns_a_new_token_pair(
        self, client: AsyncClient, login: Login
    ) -> None:
        response = await refresh(client, login.refresh_token)

        renewed = login_of(client, login.user, response)
        assert renewed.refresh_token != login.refresh_token
        assert (await renewed.get(f"{API}/users/me")).status_code == 200

    async def test_a_refresh_token_used_two_refreshes_ago_ends_the_session(
        self, client: AsyncClient, login: Login
    ) -> None:
        second = login_of(client, login.user, await refresh(client, login.refresh_token))
        third = login_of(client, login.user, await refresh(client, second.refresh_token))

        stolen = await refresh(client, login.refresh_token)

        assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
        assert (await refresh(client, third.refresh_token)).status_code == 400
        assert (await third.get(f"{API}/users/me")).status_code == 401

    async def test_the_previous_refresh_token_keeps_the_session_during_the_leeway(
        self, client: AsyncClient, login: Login
    ) -> None:
        second = login_of(client, login.user, await refresh(client, login.refresh_token))

        raced = await refresh(client, login.refresh_token)

        assert (raced.status_code, raced.json()["error"]) == (400, "invalid_grant")
        assert (await refresh(client, second.refresh_token)).status_code == 200

    async def test_the_previous_refresh_token_ends_the_session_after_the_leeway(
        self, client: AsyncClient, login: Login, resources: Resources
    ) -> None:
        second = login_of(client, login.user, await refresh(client, login.refresh_token))
        async with resources.database.transaction() as session:
            await session.exec(
                update(RefreshToken)
                .where(col(RefreshToken.used_at).is_not(None))
                .values(used_at=clock.now() - timedelta(seconds=11))
            )

        await refresh(client, login.refresh_token)

        assert (await refresh(client, second.refresh_token)).status_code == 400

    async def test_a_session_expires_after_seven_days_without_use(
        self, client: AsyncClient, login: Login, resources: Resources
    ) -> None:
        await age(resources, login, timedelta(days=7))

        assert (await refresh(client, login.refresh_token)).status_code == 400

    async def test_a_refresh_extends_the_session_to_at_most_thirty_days(
        self, client: AsyncClient, login: Login, resources: Resources
    ) -> None:
        await age(resources, login, timedelta(days=6))
        renewed = login_of(client, login.user, await refresh(client, login.refresh_token))
        async with resources.database.transaction() as session:
            stored = (await session.exec(select(LoginSession))).one()
            assert stored.expires_at > clock.now() + timedelta(days=6)
            stored.created_at = clock.now() - timedelta(days=29)

        await refresh(client, renewed.refresh_token)

        async with resources.database.transaction() as session:
            stored = (await session.exec(select(LoginSession))).one()
            assert stored.expires_at == stored.created_at + timedelta(days=30)


class TestRevoke:
    @pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
    async def test_revoking_a_token_of_either_kind_ends_its_session(
        self, client: AsyncClient, factory: Factory, login: Login, kind: str
    ) -> None:
        other = await factory.login(login.user)

        response = await client.post(f"{API}/auth/revoke", data={"token": getattr(login, kind)})

        me = f"{API}/users/me"
        assert response.status_code == 200
        assert (await login.get(me)).status_code == 401
        assert (await refresh(client, login.refresh_token)).status_code == 400
        assert (await other.get(me)).status_code == 200

    async def test_revoking_an_unknown_token_is_not_an_error(self, client: AsyncClient) -> None:
        response = await client.post(
            f"{API}/auth/revoke", data={"token": "x", "token_type_hint": "refresh_token"}
        )

        assert response.status_code == 200

    @pytest.mark.parametrize("form", [{}, {"token": ""}, {"token": ["a", "b"]}])
    async def test_a_revocation_without_exactly_one_token_is_rejected(
        self, client: AsyncClient, form: dict[str, str | list[str]]
    ) -> None:
        response = await client.post(f"{API}/auth/revoke", data=form)

        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_the_list_of_sessions_is_newest_first_and_marks_the_current_one(
    client: AsyncClient, factory: Factory, user: User
) -> None:
    first = login_of(client, user, await request_token(client, user.email, **{"User-Agent": "one"}))
    await request_token(client, user.email, **{"User-Agent": "two\t" + "x" * 300})
    await factory.login()

    response = await client.get(f"{API}/auth/sessions", headers=first.headers)

    second_item, first_item = response.json()["items"]
    assert (first_item["user_agent"], first_item["current"]) == ("one", True)
    assert second_item["user_agent"].startswith("twoxxx")
    assert (len(second_item["user_agent"]), second_item["current"]) == (255, False)


async def test_the_list_of_sessions_contains_no_expired_sessions(
    factory: Factory, login: Login, resources: Resources
) -> None:
    await age(resources, login, timedelta(days=8))
    current = await factory.login(login.user)

    response = await current.get(f"{API}/auth/sessions")

    assert [item["current"] for item in response.json()["items"]] == [True]


async def test_deleting_another_own_session_ends_it(factory: Factory, login: Login) -> None:
    other = await factory.login(login.user)
    sessions = await other.get(f"{API}/auth/sessions")
    other_id = sessions.json()["items"][0]["id"]

    response = await login.delete(f"{API}/auth/sessions/{other_id}")

    assert response.status_code == 204
    assert (await other.get(f"{API}/users/me")).status_code == 401


async def test_deleting_a_session_of_another_user_is_a_404(factory: Factory, login: Login) -> None:
    stranger = await factory.login()
    sessions = await login.get(f"{API}/auth/sessions")
    own_id = sessions.json()["items"][0]["id"]

    foreign = await stranger.delete(f"{API}/auth/sessions/{own_id}")
    unknown = await stranger.delete(f"{API}/auth/sessions/{new_id()}")

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json()["detail"] == unknown.json()["detail"]
    assert (await login.get(f"{API}/users/me")).status_code == 200


async def test_deleting_all_sessions_ends_all_own_sessions_except_the_current_one(
    factory: Factory, login: Login
) -> None:
    other = await factory.login(login.user)
    stranger = await factory.login()

    response = await login.delete(f"{API}/auth/sessions")

    statuses = [
        (await session.get(f"{API}/users/me")).status_code for session in (login, other, stranger)
    ]
    assert response.status_code == 204
    assert statuses == [200, 401, 200]
