"""Token endpoint used by an unmodified OAuth 2 client over real HTTP."""

import pytest
from anyio.to_thread import run_sync
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]  # no types
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]  # no types

from tests.support.factories import OTHER_PASSWORD, PASSWORD, Factory


async def test_stock_client_logs_in_refreshes_by_itself_and_logs_out(
    api_url: str, live_factory: Factory
) -> None:
    user = await live_factory.user()
    me = f"{api_url}/users/me"
    used_tokens: list[str] = []

    def update_token(_: dict[str, object], refresh_token: str) -> None:
        used_tokens.append(refresh_token)

    def use_client() -> None:
        with OAuth2Session(
            token_endpoint=f"{api_url}/auth/token",
            update_token=update_token,
            default_timeout=5,
            trust_env=False,  # a proxy from the environment could not reach the server
        ) as client:
            first = client.fetch_token(username=user.email, password=PASSWORD)
            assert client.get(me).json()["email"] == user.email
            assert used_tokens == []

            client.token = {**first, "expires_at": 1}
            assert client.get(me).status_code == 200
            assert used_tokens == [first["refresh_token"]]
            assert client.token["access_token"] != first["access_token"]

            assert client.revoke_token(f"{api_url}/auth/revoke").status_code == 200
            assert client.get(me).status_code == 401

    await run_sync(use_client)


async def test_stock_client_understands_an_error(api_url: str, live_factory: Factory) -> None:
    user = await live_factory.user()

    def use_client() -> None:
        with OAuth2Session(default_timeout=5, trust_env=False) as client:
            client.fetch_token(
                f"{api_url}/auth/token", username=user.email, password=OTHER_PASSWORD
            )

    with pytest.raises(OAuthError) as caught:
        await run_sync(use_client)
    assert caught.value.error == "invalid_grant"
