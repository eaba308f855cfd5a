"""Settings of telemetry, passwords, mail and limits."""

from enum import StrEnum

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.core.setting_group import AnyCase, EmptyIsUnset, SettingGroup, in_production
from app.core.setting_types import Host, Mailbox, OtlpEndpoint, Policy


class MailBackend(StrEnum):
    """Way in which mails leave."""

    CONSOLE = "console"
    SMTP = "smtp"


class SmtpSecurity(StrEnum):
    """Encryption of the connection to the mail server."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class TelemetrySettings(SettingGroup):
    """Settings of traces and metrics."""

    otel_exporter_otlp_endpoint: EmptyIsUnset[OtlpEndpoint] = Field(
        None,
        description="Where traces and metrics go, by OTLP over HTTP. Without it none are made.",
    )
    otel_service_name: str = Field(
        "plumbline", min_length=1, description="What they name this service."
    )
    otel_traces_sampler_arg: float = Field(
        0.1, ge=0, le=1, description="Share of the requests that are traced; metrics count all."
    )


class PasswordSettings(SettingGroup):
    """Settings of passwords and sessions."""

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


class MailSettings(SettingGroup):
    """Settings of mail."""

    mail_backend: AnyCase[MailBackend] = Field(
        MailBackend.CONSOLE, description="`console` writes mails to the log, `smtp` sends them."
    )
    mail_from: Mailbox = Field(
        "no-reply@example.com",
        description="Sender of every mail, with or without a name: `Acme, Inc. <mail@acme.com>`.",
    )
    smtp_host: Host = Field("localhost", description="The mail server.")
    smtp_port: int = Field(587, ge=1, le=65_535, description="Its port.")
    smtp_security: AnyCase[SmtpSecurity] = Field(
        SmtpSecurity.STARTTLS, description="`starttls`, `tls` or `none`."
    )
    smtp_username: EmptyIsUnset[str] = Field(
        None, description="Log-in at the mail server, if it asks."
    )
    smtp_password: EmptyIsUnset[SecretStr] = Field(None, description="Its password.")
    outbox_embedded: bool = Field(
        True, description="Whether the API's process sends mails too; `false` beside `worker`."
    )

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
        if in_production(info) and value is MailBackend.CONSOLE:
            raise ValueError("must be `smtp`: the console would log the links of users")
        return value


class LimitSettings(SettingGroup):
    """Settings of rate limits."""

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

    @field_validator("limits_enabled")
    @classmethod
    def _limits_are_on(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 -- Pydantic calls it
        if in_production(info) and not value:
            raise ValueError("must be true")
        return value
