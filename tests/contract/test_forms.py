"""Schemas of the two operations that accept a form."""

from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from tests.support.factories import API
from tests.support.operations import DOCUMENT


def form_of(path: str) -> dict[str, Any]:
    content = DOCUMENT["paths"][path]["post"]["requestBody"]["content"]
    schema: dict[str, Any] = content["application/x-www-form-urlencoded"]["schema"]
    return schema


def test_the_token_form_is_one_object_with_all_fields() -> None:
    schema = form_of(f"{API}/auth/token")

    assert schema["type"] == "object"
    assert [*schema["properties"]] == ["grant_type", "username", "password", "refresh_token"]
    assert schema["properties"]["grant_type"]["enum"] == ["password", "refresh_token"]
    assert "oneOf" not in schema


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password", "username": "a", "password": "b"},
        {"grant_type": "refresh_token", "refresh_token": "a"},
        {"grant_type": "refresh_token", "refresh_token": "a", "scope": "b"},
        {"grant_type": "refresh_token", "refresh_token": "a", "password": "\x00"},
        {"grant_type": "password", "username": "a", "password": "b", "refresh_token": "\x00"},
    ],
)
def test_the_token_form_accepts_the_fields_of_each_grant(form: dict[str, str]) -> None:
    assert Draft202012Validator(form_of(f"{API}/auth/token")).is_valid(form)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"username": "a", "password": "b"},
        {"grant_type": "client_credentials"},
        {"grant_type": "password", "username": "a"},
        {"grant_type": "password", "refresh_token": "a"},
        {"grant_type": "refresh_token", "username": "a", "password": "b"},
        {"grant_type": "refresh_token", "refresh_token": "\x00"},
        {"grant_type": "password", "username": "a", "password": "x" * 129},
    ],
)
def test_the_token_form_requires_the_fields_of_each_grant(form: dict[str, str]) -> None:
    assert not Draft202012Validator(form_of(f"{API}/auth/token")).is_valid(form)


def test_the_revocation_form_requires_a_token() -> None:
    schema = form_of(f"{API}/auth/revoke")

    assert (schema["type"], schema["required"]) == ("object", ["token"])
    assert "oneOf" not in schema
