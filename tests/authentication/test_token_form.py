"""Encoding of the form of a token request, over HTTP."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from tests.support.factories import API, registration

PASSWORD = "grüne äpfel + 42 🔑 im garten"
FORMS = {
    "raw": "grüne+äpfel+%2B+42+🔑+im+garten",
    "spaces": "grüne äpfel %2B 42 🔑 im garten",
    "percent-encoded": "gr%C3%BCne%20%c3%a4pfel%20%2B%2042%20%F0%9F%94%91%20im%20garten",
}


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=iso-8859-1", "; charset=x"])
@pytest.mark.parametrize("form", FORMS)
async def test_a_password_in_a_token_form_is_decoded_as_utf_8(
    client: AsyncClient, form: str, charset: str
) -> None:
    user = registration(password=PASSWORD)
    await client.post(f"{API}/users", json=user)
    body = f"grant_type=password&username={user['email']}&password={FORMS[form]}".encode()

    async def bytes_one_by_one() -> AsyncIterator[bytes]:
        for byte in body:
            yield bytes([byte])

    response = await client.post(
        f"{API}/auth/token",
        content=bytes_one_by_one(),
        headers={"Content-Type": f"application/x-www-form-urlencoded{charset}"},
    )

    assert response.status_code == 200


@pytest.mark.parametrize("value", [b"\xff", b"gr\xfcn", b"%FC", b"%ED%A0%80", b"\xed\xa0\x80"])
@pytest.mark.parametrize("field", ["username", "password"])
async def test_invalid_utf_8_in_a_token_form_is_an_invalid_grant(
    client: AsyncClient, field: str, value: bytes
) -> None:
    fields = {"username": b"ada%40example.com", "password": b"x", field: value}
    body = b"grant_type=password&" + b"&".join(
        name.encode() + b"=" + field_value for name, field_value in fields.items()
    )

    response = await client.post(
        f"{API}/auth/token",
        content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")
