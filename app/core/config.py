"""General settings. Only this module and its base class read the environment and `.env`."""

import os
from difflib import get_close_matches
from urllib.parse import urlencode

from pydantic import AnyHttpUrl, Field, IPvAnyNetwork, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticUndefined
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from app.core.database_url import SQLiteAddress, parse_database_url
from app.core.names import NAME
from app.core.platform_settings import (
    LimitSettings,
    MailSettings,
    PasswordSettings,
    TelemetrySettings,
)
from app.core.redis_pools import check_redis_url
from app.core.setting_group import (
    CommaSeparated,
    EmptyIsUnset,
    Environment,
    SettingGroup,
    in_production,
)
from app.core.setting_types import HeaderName, HostPattern, LinkBase, LogLevel, Origin, RootPath

API_PREFIX = "/api/v1"
"""Beginning of the path of every operation of the API."""
EXAMPLE_SECRET = "change-me"  # noqa: S105 -- the placeholder in .env.example, rejected below
MIN_SECRET_BYTES = 32
MIN_SECRET_CHARACTERS = 12
"""Minimum number of distinct characters in a secret. It is less than 16, because a random secret in
hexadecimal often lacks some of the 16 digits.
"""
MIN_LIKENESS = 0.8
"""Similarity to a setting, from 0 to 1, from which a variable counts as a misspelled setting."""
FAMILIES = ("argon2_", "cors_", "limit_", "mail_", "outbox_", "smtp_")
"""Prefixes of settings. A variable with such a prefix that is not a setting is reported."""
OTHERS = ("otel_", "pg")
"""Prefixes of variables that are not reported, because OpenTelemetry and asyncpg read them."""
OTHERS_IN_FILE = {"admin_password", "owner_password", "postgres_password", "runtime_password"}
"""Variables in `.env` that are not settings. `docker-compose.yml` and `create-admin` read them."""


class ProcessSettings(SettingGroup):
    """Settings of the process, its addresses, its secrets, its database and its Redis."""

    allow_sqlite_in_production: bool = Field(
        False, description="True to allow SQLite, which only one machine can use."
    )
    port: int = Field(8000, ge=1, le=65_535, description="Port that `serve` listens on.")
    public_url: EmptyIsUnset[LinkBase] = Field(
        None,
        description="Base URL of links in mails, usually the URL of the front end. Required in "
        "production. Default: the address of the process.",
    )
    secret_key: SecretStr = Field(
        description="Secret of at least 32 random bytes, from which all keys are derived. "
        "`python -c 'import secrets; print(secrets.token_urlsafe(48))'` prints a new secret."
    )
    secret_key_fallbacks: CommaSeparated[SecretStr] = Field(
        [], description="Former secrets, comma-separated. They are accepted during a rotation."
    )
    database_url: SecretStr = Field(
        SecretStr(f"sqlite:///{NAME}.db"),
        description="`sqlite:///FILE`, or `postgresql://USER:PASSWORD@HOST:PORT/NAME`, optionally "
        "with connection parameters of PostgreSQL, such as `?sslmode=verify-full`.",
    )
    database_pooler: bool = Field(
        False,
        description="True if DATABASE_URL leads to a pooler in transaction mode, like PgBouncer.",
    )
    database_pool_size: int = Field(
        10, ge=1, le=200, description="Maximum database connections of a process, one per request."
    )
    redis_url: EmptyIsUnset[SecretStr] = Field(
        None, description="Redis with which processes share limits. If empty, each counts alone."
    )
    root_path: RootPath = Field(
        "", description="Path with which a proxy prefixes this service, such as `/prefix`."
    )
    allowed_hosts: CommaSeparated[HostPattern] = Field(
        ["*"],
        min_length=1,
        description="Accepted values of `Host`, comma-separated, such as `*.example.com`.",
    )
    cors_origins: CommaSeparated[Origin] = Field(
        [], description="Origins of front ends, comma-separated, such as `https://example.com`."
    )
    cors_allow_headers: CommaSeparated[HeaderName] = Field(
        [], description="Further request headers that front ends may send, comma-separated."
    )
    trusted_proxies: CommaSeparated[IPvAnyNetwork] = Field(
        [], description="Addresses or networks whose `X-Forwarded-For` is trusted, comma-separated."
    )
    shutdown_drain_seconds: int = Field(
        0, ge=0, le=300, description="Time to serve after SIGTERM while not ready, in seconds."
    )
    max_body_bytes: int = Field(
        1_048_576, ge=1024, description="Maximum size of a request body, in bytes."
    )
    log_level: LogLevel = Field("INFO", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`.")

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: AnyHttpUrl | None, info: ValidationInfo) -> AnyHttpUrl | None:
        if in_production(info) and value is None:
            raise ValueError("must be set, because links in mails begin with it")
        return value

    @field_validator("secret_key", "secret_key_fallbacks")
    @classmethod
    def _check_secrets(cls, value: SecretStr | list[SecretStr], info: ValidationInfo) -> object:
        for secret in value if isinstance(value, list) else [value]:
            text = secret.get_secret_value()
            if len(text.encode()) < MIN_SECRET_BYTES:
                raise ValueError(f"must have at least {MIN_SECRET_BYTES} random bytes")
            weak = EXAMPLE_SECRET in text or len(set(text)) < MIN_SECRET_CHARACTERS
            if in_production(info) and weak:
                raise ValueError("must be random in production, not an example or a weak value")
        return value

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        address = parse_database_url(value.get_secret_value())
        allowed = info.data.get("allow_sqlite_in_production", False)
        if in_production(info) and isinstance(address, SQLiteAddress) and not allowed:
            raise ValueError("is SQLite; to allow it, set ALLOW_SQLITE_IN_PRODUCTION=true")
        return value

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_redis_url(value.get_secret_value())
        return value

    @field_validator("allowed_hosts", "cors_origins")
    @classmethod
    def _check_wildcards(cls, value: list[str], info: ValidationInfo) -> list[str]:
        # The origin `*` would let the scripts of any website use the API with a user's credentials.
        if "*" in value and (in_production(info) or info.field_name == "cors_origins"):
            raise ValueError("must list all values instead of `*`")
        return value


class Settings(LimitSettings, MailSettings, PasswordSettings, TelemetrySettings, ProcessSettings):
    """General settings. In production unsafe values are errors. All errors are listed at once.

    A feature adds its settings with `Feature.settings`.
    """

    @classmethod
    def unknown(cls) -> dict[str, str | None]:
        """Return variables that look like settings but are not.

        The value for each variable is the most similar setting, or None if none is similar.
        """
        in_file = {*DotEnvSettingsSource(cls).env_vars} - OTHERS_IN_FILE
        in_environment = {*map(str.lower, os.environ)}
        found = {}
        for name in sorted((in_file | in_environment) - {*cls.model_fields}):
            alike = get_close_matches(name, cls.model_fields, n=1, cutoff=MIN_LIKENESS)
            # A short name, or one that ends with a setting (`MY_PORT`), belongs to another program.
            meant = alike[0] if alike and len(name) > 5 and not name.endswith(alike[0]) else None
            if not name.startswith(OTHERS) and (
                meant or name in in_file or name.startswith(FAMILIES)
            ):
                found[name] = meant
        return found

    @classmethod
    def as_given(cls) -> dict[str, str]:
        """Return the value or default of each setting, without validation, and mask secrets."""
        values = {**DotEnvSettingsSource(cls)(), **EnvSettingsSource(cls)()}
        return {
            name: _shown(
                values.get(name, field.default), secret="SecretStr" in str(field.annotation)
            )
            for name, field in cls.model_fields.items()
        }

    @property
    def is_production(self) -> bool:
        """True in production."""
        return self.environment is Environment.PRODUCTION

    @property
    def secrets(self) -> list[str]:
        """Current secret key, followed by the former ones."""
        return [key.get_secret_value() for key in (self.secret_key, *self.secret_key_fallbacks)]

    def link(self, path: str, **query: str) -> str:
        """Return the address of a page of the front end.

        It is not built from the request, because the client chooses the header `Host`.
        """
        base = str(self.public_url or self.local_url).rstrip("/")
        return f"{base}{path}?{urlencode(query)}" if query else f"{base}{path}"

    @property
    def issuer(self) -> str:
        """Issuer of access tokens (RFC 9068 §2.2).

        Without PUBLIC_URL it is constant, so that a process on any PORT accepts the tokens.
        """
        return self.link("") if self.public_url else "http://127.0.0.1:8000"

    @property
    def local_url(self) -> str:
        """Address of the service on this machine, for development."""
        return f"http://127.0.0.1:{self.port}"

    def api_url(self, path: str) -> str:
        """Return the address of an operation on this machine, for development."""
        return f"{self.local_url}{API_PREFIX}{path}"


def _shown(value: object, *, secret: bool) -> str:
    if value in (None, "", [], PydanticUndefined):
        return ""
    if secret:
        return "********"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def admin_password() -> str | None:
    """Return the variable ADMIN_PASSWORD, or None: `create-admin` then prompts for a password."""
    return os.environ.get("ADMIN_PASSWORD")
