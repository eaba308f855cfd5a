"""Every kind of token at every place that takes one, and broken ones everywhere."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from jose import jwt
from sqlmodel import select

from app.authentication.models import RefreshToken
from app.core import clock
from app.core.errors import InvalidInput
from app.core.ids import new_id
from app.core.keys import KeyRing
from app.core.pagination import POSITION, Cursors
from app.core.tokens import AccessTokens, InvalidAccessToken
from app.one_time_tokens.models import OneTimeToken
from app.runtime.resources import Resources
from tests.factories import API, OTHER_PASSWORD, Factory, refresh, token_in
from tests.inbox import Inbox


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


@pytest.mark.parametrize("place", [*PLACES, "cursor"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_token_is_good_for_its_own_place_only(
    client: AsyncClient,
    factory: Factory,
    inbox: Inbox,
    resources: Resources,
    kind: str,
    place: str,
) -> None:
    login = await factory.login()
    await client.post(f"{API}/auth/verify-email/resend", headers=login.headers)
    await client.post(f"{API}/auth/password-reset", json={"email": login.user.email})
    tokens = {
        "access": login.access_token,
        "refresh": login.refresh_token,
        "verification": token_in((await inbox.read())[0]),
        "reset": token_in((await inbox.read())[1]),
        "cursor": str(
            resources.cursors.seal(f"sessions of {login.user.id}", (clock.now(), login.user.id))
        ),
    }

    if place == "cursor":
        response = await at_cursor(client, tokens[kind], bearer=login.access_token)
    else:
        response = await PLACES[place](client, tokens[kind])

    refused = {"access": 401, "refresh": 400, "verification": 422, "reset": 422, "cursor": 422}
    assert response.is_success == (kind == place)
    assert response.is_success or response.status_code == refused[place]


def _forged(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = [json.dumps(part).encode() for part in (header, claims)]
    encoded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, ""])


class TestBrokenAccessTokens:
    @pytest.mark.parametrize(
        "token",
        [
            "x",
            "a.b.c",
            "....",
            "x" * 3000,
            "é.é.é",
            base64.urlsafe_b64encode(b"[" * 1400).decode() + ".e30.x",
        ],
        ids=["short", "parts", "dots", "long", "not ascii", "nested"],
    )
    async def test_are_a_401(self, client: AsyncClient, token: str) -> None:
        headers = {b"Authorization": b"Bearer " + token.encode()}

        response = await client.get(f"{API}/users/me", headers=headers)

        assert response.status_code == 401

    @pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic eDp5", "Token x"])
    async def test_of_another_scheme_are_a_401(
        self, client: AsyncClient, authorization: str
    ) -> None:
        response = await client.get(f"{API}/users/me", headers={"Authorization": authorization})

        assert response.status_code == 401

    @pytest.mark.parametrize("algorithm", ["none", "HS512", "RS256"])
    async def test_of_another_algorithm_are_a_401(
        self, client: AsyncClient, factory: Factory, algorithm: str
    ) -> None:
        login = await factory.login()
        header = jwt.get_unverified_header(login.access_token) | {"alg": algorithm}
        token = _forged(header, jwt.get_unverified_claims(login.access_token))

        assert (await at_bearer(client, token)).status_code == 401

    @pytest.mark.parametrize(
        "claim", ["iss", "aud", "sub", "client_id", "sid", "iat", "exp", "jti"]
    )
    async def test_without_a_claim_are_a_401(
        self, client: AsyncClient, factory: Factory, resources: Resources, claim: str
    ) -> None:
        login = await factory.login()
        claims = jwt.get_unverified_claims(login.access_token)
        claims.pop(claim)

        token = _signed(resources, login.access_token, claims)

        assert (await at_bearer(client, token)).status_code == 401

    @pytest.mark.parametrize(
        "change",
        [
            {"iss": "https://elsewhere.example.com"},
            {"aud": "https://elsewhere.example.com"},
            {"exp": None},
            {"exp": []},
            {"exp": 1e400},
            {"sub": "ada@example.com"},
            {"sid": 1},
        ],
        ids=str,
    )
    async def test_with_a_wrong_claim_are_a_401(
        self, client: AsyncClient, factory: Factory, resources: Resources, change: dict[str, Any]
    ) -> None:
        login = await factory.login()
        claims = jwt.get_unverified_claims(login.access_token) | change

        token = _signed(resources, login.access_token, claims)

        assert (await at_bearer(client, token)).status_code == 401

    @pytest.mark.parametrize(
        "change", [{"typ": "JWT"}, {"typ": None}, {"kid": "x"}, {"kid": ["x"]}], ids=str
    )
    async def test_with_a_wrong_header_are_a_401(
        self, client: AsyncClient, factory: Factory, resources: Resources, change: dict[str, Any]
    ) -> None:
        login = await factory.login()
        claims = jwt.get_unverified_claims(login.access_token)

        token = _signed(resources, login.access_token, claims, **change)

        assert (await at_bearer(client, token)).status_code == 401

    async def test_that_have_expired_are_a_401(
        self, client: AsyncClient, factory: Factory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        issued = clock.now() - timedelta(minutes=15, seconds=1)
        user = await factory.user()
        with monkeypatch.context() as patch:
            patch.setattr(clock, "now", lambda: issued)
            login = await factory.login(user)

        assert (await at_bearer(client, login.access_token)).status_code == 401

    async def test_of_another_user_in_this_session_are_a_401(
        self, client: AsyncClient, factory: Factory, resources: Resources
    ) -> None:
        login = await factory.login()
        other = await factory.user()
        claims = jwt.get_unverified_claims(login.access_token) | {"sub": str(other.id)}

        token = _signed(resources, login.access_token, claims)

        assert (await at_bearer(client, token)).status_code == 401


def _signed(resources: Resources, like: str, claims: dict[str, Any], **header: Any) -> str:
    """A token with our own signature, like `like` but for what is given."""
    (key,) = KeyRing(resources.settings.secrets).derive("access-token")
    headers = jwt.get_unverified_header(like) | header
    return jwt.encode(claims, key, "HS256", headers)


async def test_a_forged_token_with_nothing_changed_would_pass(
    client: AsyncClient, factory: Factory, resources: Resources
) -> None:
    login = await factory.login()
    claims = jwt.get_unverified_claims(login.access_token)

    token = _signed(resources, login.access_token, claims)

    assert (await at_bearer(client, token)).status_code == 200


def test_rotation_keeps_what_the_former_secret_signed_until_it_is_forgotten() -> None:
    ids = {"user_id": new_id(), "session_id": new_id()}
    token = AccessTokens(KeyRing(["former"]), issuer="x").issue(**ids)
    cursor = Cursors(KeyRing(["former"])).seal("users", (clock.now(), new_id()))

    rotating = KeyRing(["current", "former"])
    assert AccessTokens(rotating, issuer="x").read(token).user_id == ids["user_id"]
    assert Cursors(rotating).open("users", cursor, POSITION)

    rotated = KeyRing(["current"])
    with pytest.raises(InvalidAccessToken):
        AccessTokens(rotated, issuer="x").read(token)
    with pytest.raises(InvalidInput):
        Cursors(rotated).open("users", cursor, POSITION)


async def test_bearer_secrets_are_stored_as_digests_only(
    client: AsyncClient, factory: Factory, inbox: Inbox, resources: Resources
) -> None:
    login = await factory.login()
    await client.post(f"{API}/auth/verify-email/resend", headers=login.headers)

    async with resources.database.transaction() as session:
        stored = [
            *(await session.exec(select(RefreshToken.token_digest))).all(),
            *(await session.exec(select(OneTimeToken.token_digest))).all(),
        ]

    assert len(stored) == 2
    assert login.refresh_token not in stored
    assert token_in((await inbox.read())[0]) not in stored
    assert {len(each) for each in stored} == {64}
