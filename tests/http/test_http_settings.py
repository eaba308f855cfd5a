"""Settings of the HTTP interface: accepted values and their normal form."""

import secrets

import pytest
from pydantic import ValidationError

from app.core.config import Settings

SECRET = secrets.token_urlsafe(48)


def load(**values: str) -> Settings:
    """Return the settings for these values, which are texts, as in the environment."""
    return Settings(_env_file=None, secret_key=SECRET, **values)  # type: ignore[arg-type]  # texts, as in the environment


@pytest.mark.parametrize(
    ("value", "names"),
    [("", []), ("X-Tenant", ["X-Tenant"]), (" X-Tenant , x_other,", ["X-Tenant", "x_other"])],
)
def test_cors_allow_headers_accepts_names_of_headers(value: str, names: list[str]) -> None:
    assert load(cors_allow_headers=value).cors_allow_headers == names


@pytest.mark.parametrize(
    "value", ["*", "X-Tenant,*", "X-*", "X-Tenant: a", "two words", "ä", 'X"Y']
)
def test_cors_allow_headers_rejects_other_values_than_header_names(value: str) -> None:
    with pytest.raises(ValidationError, match="must be header names") as caught:
        load(cors_allow_headers=value)

    assert {error["loc"][0] for error in caught.value.errors()} == {"cors_allow_headers"}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("", ""), ("/", ""), ("/prefix", "/prefix"), ("/prefix/", "/prefix"),
        (" /prefix\r\n", "/prefix"), ("/a/b-c.d~_", "/a/b-c.d~_"),
    ],
)  # fmt: skip
def test_root_path_loses_its_trailing_slash(value: str, path: str) -> None:
    assert load(root_path=value).root_path == path


@pytest.mark.parametrize(
    "value",
    [
        "prefix", "//", "//evil.example", "/a//b", "/prefix//", "/pre fix", "/prefix?a=b",
        "/prefix#a", "/a/../b", "/.", "/%2e", "/ä", "https://example.com/prefix",
    ],
)  # fmt: skip
def test_root_path_rejects_a_value_that_is_not_a_plain_path(value: str) -> None:
    with pytest.raises(ValidationError, match="begins with `/`") as caught:
        load(root_path=value)

    assert [error["loc"] for error in caught.value.errors()] == [("root_path",)]
