"""Settings: the only place that reads the environment and `.env`."""

import os
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AnyHttpUrl,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticUndefined
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    SettingsConfigDict,
)

from app.core.database_url import SQLiteAddress, parse_database_url
from app.core.redis_pools import check_redis_url
from app.core.setting_types import (
    HeaderName,
    Host,
    HostPattern,
    LinkBase,
    LogLevel,
    Mailbox,
    Origin,
    OtlpEndpoint,
    Policy,
    RootPath,
)

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


class Environment(StrEnum):
    """What the process is run for."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class MailBackend(StrEnum):
    """How mails leave."""

    CONSOLE = "console"
    SMTP = "smtp"


class SmtpSecurity(StrEnum):
    """How the connection to the mail server is encrypted."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Settings(BaseSettings):
    """All settings. Production refuses unsafe ones, and names all of them at once."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",  # Windows editors write a byte order mark
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    # First, because the validators of the others look at it.
    environment: Environment = Field(
        Environment.DEVELOPMENT, description="`production` refuses unsafe settings."
    )
    allow_sqlite_in_production: bool = Field(
        False, description="SQLite serves one machine; say so if that is what you want."
    )
    port: int = Field(8000, ge=1, le=65_535, description="Port that `serve` listens on.")
    public_url: LinkBase | None = Field(
        None,
        description="Base URL of links in mails, usually the front end's. Required in production; "
        "by default the address of this process.",
    )
    secret_key: SecretStr = Field(
        description="At least 32 random bytes; every key is derived from it. "
        "`python -c 'import secrets; print(secrets.token_urlsafe(48))'` makes one."
    )
    secret_key_fallbacks: Annotated[list[SecretStr], NoDecode] = Field(
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
    redis_url: SecretStr | None = Field(
        None, description="Shares the rate limits among processes. Without it each counts alone."
    )
    root_path: RootPath = Field(
        "", description="Path below which a proxy serves this service, such as `/prefix`."
    )
    allowed_hosts: Annotated[list[HostPattern], NoDecode] = Field(
        ["*"],
        min_length=1,
        description="Values of `Host` to answer, comma-separated; `*.example.com` matches.",
    )
    cors_origins: Annotated[list[Origin], NoDecode] = Field(
        [], description="Origins of front ends elsewhere, comma-separated."
    )
    cors_allow_headers: Annotated[list[HeaderName], NoDecode] = Field(
        [], description="Additional request headers that these origins may send, comma-separated."
    )
    trusted_proxies: Annotated[list[IPvAnyNetwork], NoDecode] = Field(
        [], description="Addresses or networks whose `X-Forwarded-For` is believed."
    )
    shutdown_drain_seconds: int = Field(
        0, ge=0, le=300, description="How long a process that stops still serves, but is not ready."
    )
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body.")
    log_level: LogLevel = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    otel_exporter_otlp_endpoint: OtlpEndpoint | None = Field(
        None,
        description="Where traces and metrics go, by OTLP over HTTP. Without it none are made.",
    )
    otel_service_name: str = Field(
        "plumbline", min_length=1, description="What they name this service."
    )
    otel_traces_sampler_arg: float = Field(
        0.1, ge=0, le=1, description="Share of the requests that are traced; metrics count all."
    )

    password_min_length: int = Field(
        15, ge=8, le=64, description="Code points of a new password (NIST SP 800-63B-4 §3.1.1.2)."
    )
    argon2_memory_kib: int = Field(
        19_456, ge=8, le=1_048_576, description="Memory of one password hash."
    )
    argon2_rounds: int = Field(2, ge=1, le=100, description="Passes of one password hash.")
    refresh_token_leeway_seconds: int = Field(
        10, ge=0, le=60, description="How long a just rotated refresh token is only refused."
    )

    mail_backend: MailBackend = Field(
        MailBackend.CONSOLE, description="`console` writes mails to the log, `smtp` sends them."
    )
    mail_from: Mailbox = Field(
        "no-reply@example.com",
        description="Sender of every mail, with or without a name: `Acme, Inc. <mail@acme.com>`.",
    )
    smtp_host: Host = Field("localhost", description="The mail server.")
    smtp_port: int = Field(587, ge=1, le=65_535, description="Its port.")
    smtp_security: SmtpSecurity = Field(
        SmtpSecurity.STARTTLS, description="`starttls`, `tls` or `none`."
    )
    smtp_username: str | None = Field(None, description="Log-in at the mail server, if it asks.")
    smtp_password: SecretStr | None = Field(None, description="Its password.")
    outbox_embedded: bool = Field(
        True, description="Whether the API's process sends mails too; `false` beside `worker`."
    )

    limits_enabled: bool = Field(True, description="`false` only for load tests.")
    limit_general: Policy = Field("600/minute", description="All requests of an IP.")
    limit_registration: Policy = Field("30/hour", description="Registrations of an IP.")
    limit_token: Policy = Field(
        "60/minute", description="Log-ins, refreshes, revocations of an IP."
    )
    limit_login_failures_per_ip: Policy = Field(
        "10/15minute", description="Failed log-ins of an account from one IP."
    )
    limit_login_failures_per_account: Policy = Field(
        "100/hour", description="Failed log-ins of an account from anywhere."
    )
    limit_password_check: Policy = Field(
        "10/15minute", description="Password changes and deletions asked for by a user."
    )
    limit_mail_request: Policy = Field("10/hour", description="Mails asked for by an IP or a user.")
    limit_one_time_token: Policy = Field("30/hour", description="One-time tokens tried by an IP.")
    limit_user_lookup: Policy = Field("60/hour", description="Invitations by a user.")  # example

    @field_validator(
        "secret_key_fallbacks",
        "allowed_hosts",
        "cors_origins",
        "cors_allow_headers",
        "trusted_proxies",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("environment", "mail_backend", "smtp_security", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator(
        "public_url",
        "redis_url",
        "otel_exporter_otlp_endpoint",
        "smtp_username",
        "smtp_password",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("*", mode="before")  # the last one, because Pydantic calls it first
    @classmethod
    def _strip(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        # `docker run --env-file` keeps quotes, and the carriage returns of Windows files.
        text = value.strip()
        quote = text[:1]
        quoted = quote in ("'", '"') and len(text) > 1 and text.find(quote, 1) == len(text) - 1
        return text[1:-1] if quoted else text

    @field_validator("public_url")
    @classmethod
    def _links_lead_somewhere(
        cls, value: AnyHttpUrl | None, info: ValidationInfo
    ) -> AnyHttpUrl | None:
        if _is_production(info) and value is None:
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
            if _is_production(info) and weak:
                raise ValueError("is an example or a weak value; production needs a random one")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        address = parse_database_url(value.get_secret_value())
        allowed = info.data.get("allow_sqlite_in_production", False)
        if _is_production(info) and isinstance(address, SQLiteAddress) and not allowed:
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
        if "*" in value and (_is_production(info) or info.field_name == "cors_origins"):
            raise ValueError("must name each one, not `*`")
        return value

    @field_validator("smtp_security")
    @classmethod
    def _fits_the_port(cls, value: SmtpSecurity, info: ValidationInfo) -> SmtpSecurity:
        # RFC 8314 §3.3 and RFC 6409 §3.1: otherwise both sides wait for each other.
        expected = {465: SmtpSecurity.TLS, 587: SmtpSecurity.STARTTLS}
        port = info.data.get("smtp_port", 0)
        if value is not SmtpSecurity.NONE and expected.get(port, value) is not value:
            raise ValueError(f"must be `{expected[port]}` on port {port}")
        return value

    @field_validator("smtp_password")
    @classmethod
    def _log_in_is_complete(cls, value: SecretStr | None, info: ValidationInfo) -> object:
        # An invalid name is an error of its own.
        if "smtp_username" in info.data and (value is None) != (info.data["smtp_username"] is None):
            raise ValueError("must be set together with SMTP_USERNAME, or neither of them")
        return value

    @field_validator("mail_backend")
    @classmethod
    def _mail_is_sent(cls, value: MailBackend, info: ValidationInfo) -> MailBackend:
        if _is_production(info) and value is MailBackend.CONSOLE:
            raise ValueError("must be `smtp`: the console would log the links of users")
        return value

    @field_validator("limits_enabled")
    @classmethod
    def _limits_are_on(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 -- Pydantic calls it
        if _is_production(info) and not value:
            raise ValueError("must be true")
        return value

    @classmethod
    def unknown(cls) -> dict[str, str | None]:
        """Return variables that look like settings and are none, each with the setting that was
        probably meant.
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
        """Whether people rely on this process."""
        return self.environment is Environment.PRODUCTION

    @property
    def secrets(self) -> list[str]:
        """The current secret key first, then those it replaced."""
        return [key.get_secret_value() for key in (self.secret_key, *self.secret_key_fallbacks)]

    def link(self, path: str) -> str:
        """Return the address of a page of the front end.

        It is not built from the request, because the client chooses `Host`.
        """
        return f"{str(self.public_url or self.local_url).rstrip('/')}{path}"

    @property
    def issuer(self) -> str:
        """Issuer of access tokens (RFC 9068 §2.2). It does not depend on PORT, so that a process on
        another port accepts them.
        """
        return self.link("") if self.public_url else "http://127.0.0.1:8000"

    @property
    def local_url(self) -> str:
        """Address of the API on this machine, for development."""
        return f"http://127.0.0.1:{self.port}"


def _is_production(info: ValidationInfo) -> bool:
    return info.data.get("environment") is Environment.PRODUCTION


def _shown(value: object, *, secret: bool) -> str:
    if value in (None, "", [], PydanticUndefined):
        return ""
    if secret:
        return "********"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def admin_password() -> str | None:
    """The password for `create-admin`, where nobody can be asked for it."""
    return os.environ.get("ADMIN_PASSWORD")
