"""Settings: the only module that reads the environment and `.env`, with its base and its groups."""

import os
from difflib import get_close_matches
from urllib.parse import urlencode

from pydantic import AnyHttpUrl, Field, IPvAnyNetwork, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticUndefined
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from app.core.database_url import SQLiteAddress, parse_database_url
from app.core.redis_pools import check_redis_url
from app.core.setting_group import (
    CommaSeparated,
    EmptyIsUnset,
    Environment,
    SettingGroup,
    in_production,
)
from app.core.setting_groups import (
    LimitSettings,
    MailSettings,
    PasswordSettings,
    TelemetrySettings,
)
from app.core.setting_types import HeaderName, HostPattern, LinkBase, LogLevel, Origin, RootPath

API_PREFIX = "/api/v1"
"""Path below which the API is served."""
EXAMPLE_SECRET = "change-me"  # noqa: S105 -- the placeholder in .env.example, refused below
MIN_SECRET_BYTES = 32
MIN_SECRET_CHARACTERS = 12
"""Minimum number of distinct characters in a secret. A random secret in hexadecimal often has fewer
than 16, but not fewer than this.
"""
MIN_LIKENESS = 0.8
"""Minimum similarity, from 0 to 1, of a variable to the setting that was probably meant."""
FAMILIES = ("argon2_", "cors_", "limit_", "mail_", "outbox_", "smtp_")
OTHERS = ("otel_", "pg")
"""Prefixes of the variables that OpenTelemetry and the driver read by themselves."""
OTHERS_IN_FILE = {"admin_password", "owner_password", "postgres_password", "runtime_password"}
"""Variables of `.env` that `docker-compose.yml` and `create-admin` read."""


class ServiceSettings(SettingGroup):
    """Settings of the process, its addresses and its stores."""

    allow_sqlite_in_production: bool = Field(
        False, description="SQLite serves one machine; say so if that is what you want."
    )
    port: int = Field(8000, ge=1, le=65_535, description="Port that `serve` listens on.")
    public_url: EmptyIsUnset[LinkBase] = Field(
        None,
        description="Base URL of links in mails, usually the front end's. Required in production; "
        "by default the address of this process.",
    )
    secret_key: SecretStr = Field(
        description="At least 32 random bytes; every key is derived from it. "
        "`python -c 'import secrets; print(secrets.token_urlsafe(48))'` makes one."
    )
    secret_key_fallbacks: CommaSeparated[SecretStr] = Field(
        [], description="Former secrets, comma-separated, still accepted while a rotation lasts."
    )
    database_url: SecretStr = Field(
        SecretStr("sqlite:///plumbline.db"),
        description="`sqlite:///FILE`, or `postgresql://USER:PASSWORD@HOST:PORT/NAME`, optionally "
        "with parameters of libpq, such as `?sslmode=verify-full`.",
    )
    database_pooler: bool = Field(
        False,
        description="True if the URL leads to a pooler in transaction mode, such as PgBouncer.",
    )
    database_pool_size: int = Field(
        10, ge=1, le=200, description="Connections of one process, and requests at work in it."
    )
    redis_url: EmptyIsUnset[SecretStr] = Field(
        None, description="Shares the rate limits among processes. Without it each counts alone."
    )
    root_path: RootPath = Field(
        "", description="Path below which a proxy serves this service, such as `/prefix`."
    )
    allowed_hosts: CommaSeparated[HostPattern] = Field(
        ["*"],
        min_length=1,
        description="Values of `Host` to answer, comma-separated; `*.example.com` matches.",
    )
    cors_origins: CommaSeparated[Origin] = Field(
        [], description="Origins of front ends elsewhere, comma-separated."
    )
    cors_allow_headers: CommaSeparated[HeaderName] = Field(
        [], description="Additional request headers that these origins may send, comma-separated."
    )
    trusted_proxies: CommaSeparated[IPvAnyNetwork] = Field(
        [], description="Addresses or networks whose `X-Forwarded-For` is believed."
    )
    shutdown_drain_seconds: int = Field(
        0, ge=0, le=300, description="How long a process that stops still serves, but is not ready."
    )
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body.")
    log_level: LogLevel = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @field_validator("public_url")
    @classmethod
    def _links_lead_somewhere(
        cls, value: AnyHttpUrl | None, info: ValidationInfo
    ) -> AnyHttpUrl | None:
        if in_production(info) and value is None:
            raise ValueError("must be set: links in mails start with it")
        return value

    @field_validator("secret_key", "secret_key_fallbacks")
    @classmethod
    def _strong(cls, value: SecretStr | list[SecretStr], info: ValidationInfo) -> object:
        for secret in value if isinstance(value, list) else [value]:
            text = secret.get_secret_value()
            if len(text.encode()) < MIN_SECRET_BYTES:
                raise ValueError(f"needs at least {MIN_SECRET_BYTES} random bytes")
            weak = EXAMPLE_SECRET in text or len(set(text)) < MIN_SECRET_CHARACTERS
            if in_production(info) and weak:
                raise ValueError("is an example or a weak value; production needs a random one")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        address = parse_database_url(value.get_secret_value())
        allowed = info.data.get("allow_sqlite_in_production", False)
        if in_production(info) and isinstance(address, SQLiteAddress) and not allowed:
            raise ValueError("is SQLite; set ALLOW_SQLITE_IN_PRODUCTION=true if that is meant")
        return value

    @field_validator("redis_url")
    @classmethod
    def _readable_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_redis_url(value.get_secret_value())
        return value

    @field_validator("allowed_hosts", "cors_origins")
    @classmethod
    def _no_wildcard(cls, value: list[str], info: ValidationInfo) -> list[str]:
        # The service takes credentials, and a wildcard origin with credentials is never right.
        if "*" in value and (in_production(info) or info.field_name == "cors_origins"):
            raise ValueError("must name each one, not `*`")
        return value


class Settings(LimitSettings, MailSettings, PasswordSettings, TelemetrySettings, ServiceSettings):
    """All settings of the platform. Production refuses unsafe ones, and names all of them at once.

    A feature adds its own with `Feature.settings`.
    """

    @classmethod
    def unknown(cls) -> dict[str, str | None]:
        """Return variables that look like settings but are not.

        The value of each is the setting that was probably meant, or None.
        """
        in_file = {*DotEnvSettingsSource(cls).env_vars} - OTHERS_IN_FILE
        in_environment = {*map(str.lower, os.environ)}
        found = {}
        for name in sorted((in_file | in_environment) - {*cls.model_fields}):
            alike = get_close_matches(name, cls.model_fields, n=1, cutoff=MIN_LIKENESS)
            # A short name, or one with something in front of a setting, belongs to another program.
            meant = alike[0] if alike and len(name) > 5 and not name.endswith(alike[0]) else None
            if not name.startswith(OTHERS) and (
                meant or name in in_file or name.startswith(FAMILIES)
            ):
                found[name] = meant
        return found

    @classmethod
    def as_given(cls) -> dict[str, str]:
        """Return every setting, given or by default, unchecked and with secrets masked."""
        given = {**DotEnvSettingsSource(cls)(), **EnvSettingsSource(cls)()}
        return {
            name: _shown(
                given.get(name, field.default), secret="SecretStr" in str(field.annotation)
            )
            for name, field in cls.model_fields.items()
        }

    @property
    def is_production(self) -> bool:
        """True in production."""
        return self.environment is Environment.PRODUCTION

    @property
    def secrets(self) -> list[str]:
        """The current secret key, then those that it replaced."""
        return [key.get_secret_value() for key in (self.secret_key, *self.secret_key_fallbacks)]

    def link(self, path: str, **query: str) -> str:
        """Return the address of a page of the front end.

        It is not built from the request, because the client chooses `Host`.
        """
        base = str(self.public_url or self.local_url).rstrip("/")
        return f"{base}{path}?{urlencode(query)}" if query else f"{base}{path}"

    @property
    def issuer(self) -> str:
        """Issuer of access tokens (RFC 9068 §2.2).

        It does not depend on PORT, so that a process on another port accepts the tokens.
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
    """Return the password for `create-admin`, which otherwise prompts for it."""
    return os.environ.get("ADMIN_PASSWORD")
