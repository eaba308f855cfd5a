"""Settings of the HTTP interface: what is accepted, and in which form."""

import secrets

import pytest
from pydantic import ValidationError

from app.core.config import Settings

SECRET = secrets.token_urlsafe(48)


def load(**given: str) -> Settings:
    """Return the settings as the environment would give them."""
    return Settings(_env_file=None, secret_key=SECRET, **given)  # type: ignore[arg-type]  # texts, as in the environment


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("", []),
        ("X-Tenant", ["X-Tenant"]),
        (" X-Tenant , x_other,", ["X-Tenant", "x_other"]),
    ],
)
def test_cors_allow_headers_are_names_of_headers(given: str, names: list[str]) -> None:
    assert load(cors_allow_headers=given).cors_allow_headers == names


@pytest.mark.parametrize(
    "given", ["*", "X-Tenant,*", "X-*", "X-Tenant: a", "two words", "ä", 'X"Y']
)
def test_cors_allow_headers_refuse_what_is_no_name_of_a_header(given: str) -> None:
    with pytest.raises(ValidationError, match="must be names of headers") as caught:
        load(cors_allow_headers=given)

    assert {error["loc"][0] for error in caught.value.errors()} == {"cors_allow_headers"}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("", ""),
        ("/", ""),
        ("/prefix", "/prefix"),
        ("/prefix/", "/prefix"),
        (" /prefix\r\n", "/prefix"),
        ("/a/b-c.d~_", "/a/b-c.d~_"),
    ],
)
def test_root_path_is_a_path_without_a_slash_at_its_end(given: str, path: str) -> None:
    assert load(root_path=given).root_path == path


@pytest.mark.parametrize(
    "given",
    [
        "prefix",
        "//",
        "//evil.example",
        "/a//b",
        "/prefix//",
        "/pre fix",
        "/prefix?a=b",
        "/prefix#a",
        "/a/../b",
        "/.",
        "/%2e",
        "/ä",
        "https://example.com/prefix",
    ],
)
def test_root_path_refuses_what_is_no_plain_path(given: str) -> None:
    with pytest.raises(ValidationError, match="begins with `/`") as caught:
        load(root_path=given)

    assert [error["loc"] for error in caught.value.errors()] == [("root_path",)]
