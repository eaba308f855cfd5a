"""Tokens of each kind in each place that accepts a token, and malformed access tokens."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from jose import jwt
from sqlmodel import select

from app.core import clock
from app.core.errors import InvalidInput
from app.core.ids import new_id
from app.core.keys import KeyRing
from app.core.pagination import POSITION, Cursors, PageQuery
from app.core.tokens import AccessTokens, InvalidAccessToken
from app.one_time_tokens.models import OneTimeToken
from app.runtime.resources import Resources
from app.sessions.models import RefreshToken
from app.users.models import User
from tests.support.factories import API, OTHER_PASSWORD, Factory, Login, refresh, token_in
from tests.support.inbox import Inbox


async def at_bearer(client: AsyncClient, token: str) -> Response:
    return await client.get(f"{API}/users/me", headers={"Authorization": f"Bearer {token}"})


async def at_verify_email(client: AsyncClient, token: str) -> Response:
    return await client.post(f"{API}/auth/verify-email", json={"token": token})


async def at_password_reset(client: AsyncClient, token: str) -> Response:
    body = {"token": token, "new_password": OTHER_PASSWORD}
    return await client.post(f"{API}/auth/password-reset/confirm", json=body)


async def at_cursor(client: AsyncClient, token: str, *, bearer: str) -> Response:
    headers = {"Authorization": f"Bearer {bearer}"}
    return await client.get(f"{API}/auth/sessions", params={"cursor": token}, headers=headers)


KINDS = ["access", "refresh", "verification", "reset", "cursor"]
PLACES = {
    "access": at_bearer,
    "refresh": refresh,
    "verification": at_verify_email,
    "reset": at_password_reset,
}
Claims = dict[str, Any]
Sign = Callable[..., str]


@pytest.mark.parametrize("place", [*PLACES, "cursor"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_token_is_accepted_only_in_the_place_for_its_kind(
    client: AsyncClient, login: Login, inbox: Inbox, resources: Resources, kind: str, place: str
) -> None:
    await login.post(f"{API}/auth/verify-email/resend")
    await client.post(f"{API}/auth/password-reset", json={"email": login.user.email})
    tokens = {
        "access": login.access_token,
        "refresh": login.refresh_token,
        "verification": token_in((await inbox.read())[0]),
        "reset": token_in((await inbox.read())[1]),
        "cursor": cursor_of(resources.cursors, f"sessions of {login.user.id}"),
    }

    if place == "cursor":
        response = await at_cursor(client, tokens[kind], bearer=login.access_token)
    else:
        response = await PLACES[place](client, tokens[kind])

    errors = {"access": 401, "refresh": 400, "verification": 422, "reset": 422, "cursor": 422}
    assert response.is_success == (kind == place)
    assert response.is_success or response.status_code == errors[place]


def _forged(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = [json.dumps(part).encode() for part in (header, claims)]
    encoded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, ""])


@pytest.fixture
def claims(login: Login) -> Claims:
    return jwt.get_unverified_claims(login.access_token)


@pytest.fixture
def sign(resources: Resources, login: Login) -> Sign:
    """Return a function that signs claims with our key: `sign(claims, kid="x")`."""
    (key,) = KeyRing(resources.settings.secrets).derive("access-token")
    valid = jwt.get_unverified_header(login.access_token)
    return lambda claims, **header: jwt.encode(claims, key, "HS256", valid | header)


@pytest.mark.parametrize(
    "token",
    [
        "x", "a.b.c", "....", "x" * 3000, "é.é.é",
        base64.urlsafe_b64encode(b"[" * 1400).decode() + ".e30.x",
    ],
    ids=["short", "parts", "dots", "long", "not ascii", "nested"],
)  # fmt: skip
async def test_a_malformed_access_token_is_a_401(client: AsyncClient, token: str) -> None:
    headers = {b"Authorization": b"Bearer " + token.encode()}

    response = await client.get(f"{API}/users/me", headers=headers)

    assert response.status_code == 401


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic eDp5", "Token x"])
async def test_another_authorization_scheme_is_a_401(
    client: AsyncClient, authorization: str
) -> None:
    response = await client.get(f"{API}/users/me", headers={"Authorization": authorization})

    assert response.status_code == 401


@pytest.mark.parametrize("algorithm", ["none", "HS512", "RS256"])
async def test_an_access_token_with_another_algorithm_is_a_401(
    client: AsyncClient, login: Login, claims: Claims, algorithm: str
) -> None:
    header = jwt.get_unverified_header(login.access_token) | {"alg": algorithm}
    token = _forged(header, claims)

    assert (await at_bearer(client, token)).status_code == 401


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "client_id", "sid", "iat", "exp", "jti"])
async def test_an_access_token_without_a_claim_is_a_401(
    client: AsyncClient, claims: Claims, sign: Sign, claim: str
) -> None:
    claims.pop(claim)

    assert (await at_bearer(client, sign(claims))).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://elsewhere.example.com"}, {"aud": "https://elsewhere.example.com"},
        {"exp": None}, {"exp": []}, {"exp": 1e400}, {"sub": "ada@example.com"}, {"sid": 1},
    ],
    ids=str,
)  # fmt: skip
async def test_an_access_token_with_a_wrong_claim_is_a_401(
    client: AsyncClient, claims: Claims, sign: Sign, change: dict[str, Any]
) -> None:
    assert (await at_bearer(client, sign(claims | change))).status_code == 401


@pytest.mark.parametrize(
    "change", [{"typ": "JWT"}, {"typ": None}, {"kid": "x"}, {"kid": ["x"]}], ids=str
)
async def test_an_access_token_with_a_wrong_header_is_a_401(
    client: AsyncClient, claims: Claims, sign: Sign, change: dict[str, Any]
) -> None:
    assert (await at_bearer(client, sign(claims, **change))).status_code == 401


async def test_an_expired_access_token_is_a_401(
    client: AsyncClient, factory: Factory, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = clock.now() - timedelta(minutes=15, seconds=1)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: issued)
        login = await factory.login(user)

    assert (await at_bearer(client, login.access_token)).status_code == 401


async def test_an_access_token_of_another_user_in_the_session_is_a_401(
    client: AsyncClient, user: User, claims: Claims, sign: Sign
) -> None:
    token = sign(claims | {"sub": str(user.id)})

    assert (await at_bearer(client, token)).status_code == 401


async def test_an_access_token_signed_by_the_tests_without_changes_is_accepted(
    client: AsyncClient, claims: Claims, sign: Sign
) -> None:
    assert (await at_bearer(client, sign(claims))).status_code == 200


def cursor_of(cursors: Cursors, list_name: str) -> str:
    request = cursors.page_request(list_name, PageQuery(), POSITION)
    return request.to_cursor((clock.now(), new_id()))


def test_a_rotated_secret_verifies_tokens_only_while_it_is_a_fallback() -> None:
    ids = {"user_id": new_id(), "session_id": new_id()}
    token = AccessTokens(KeyRing(["former"]), issuer="x").issue(**ids)
    query = PageQuery(cursor=cursor_of(Cursors(KeyRing(["former"])), "users"))

    rotating = KeyRing(["current", "former"])
    assert AccessTokens(rotating, issuer="x").read(token).user_id == ids["user_id"]
    assert Cursors(rotating).page_request("users", query, POSITION).after

    rotated = KeyRing(["current"])
    with pytest.raises(InvalidAccessToken):
        AccessTokens(rotated, issuer="x").read(token)
    with pytest.raises(InvalidInput):
        Cursors(rotated).page_request("users", query, POSITION)


async def test_refresh_and_one_time_tokens_are_stored_as_digests_only(
    login: Login, inbox: Inbox, resources: Resources
) -> None:
    await login.post(f"{API}/auth/verify-email/resend")

    async with resources.database.transaction() as session:
        stored = [
            *(await session.exec(select(RefreshToken.token_digest))).all(),
            *(await session.exec(select(OneTimeToken.token_digest))).all(),
        ]

    assert len(stored) == 2
    assert login.refresh_token not in stored
    assert token_in((await inbox.read())[0]) not in stored
    assert {len(stored_digest) for stored_digest in stored} == {64}
