"""Settings of telemetry, passwords, mail and limits."""

from enum import StrEnum

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.core.names import NAME
from app.core.setting_group import AnyCase, EmptyIsUnset, SettingGroup, in_production
from app.core.setting_types import Host, Mailbox, OtlpEndpoint, Policy


class MailBackend(StrEnum):
    """Way in which mails are sent."""

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
        description="Collector of traces and metrics (OTLP over HTTP). If empty, none are sent.",
    )
    otel_service_name: str = Field(
        NAME, min_length=1, description="Name of the service in traces and metrics."
    )
    otel_traces_sampler_arg: float = Field(
        0.1, ge=0, le=1, description="Share of traced requests, 0 to 1. Metrics count all requests."
    )


class PasswordSettings(SettingGroup):
    """Settings of passwords and sessions."""

    password_min_length: int = Field(
        15, ge=8, le=64, description="Minimum length of a new password, in code points."
    )
    argon2_memory_kib: int = Field(
        19_456, ge=8, le=1_048_576, description="Memory of a password hash, in KiB."
    )
    argon2_rounds: int = Field(2, ge=1, le=100, description="Number of passes of a password hash.")
    refresh_token_leeway_seconds: int = Field(
        10,
        ge=0,
        le=60,
        description="Time after a refresh, in seconds, in which a second use of the old token is "
        "rejected without ending the session.",
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
    smtp_host: Host = Field("localhost", description="Host of the mail server.")
    smtp_port: int = Field(587, ge=1, le=65_535, description="Port of the mail server.")
    smtp_security: AnyCase[SmtpSecurity] = Field(
        SmtpSecurity.STARTTLS, description="Encryption: `starttls`, `tls` or `none`."
    )
    smtp_username: EmptyIsUnset[str] = Field(
        None, description="User name at the mail server. If empty, there is no log-in."
    )
    smtp_password: EmptyIsUnset[SecretStr] = Field(None, description="Password at the mail server.")
    outbox_embedded: bool = Field(
        True, description="True if API processes send mails. False if separate workers send them."
    )

    @field_validator("smtp_security")
    @classmethod
    def _check_security(cls, value: SmtpSecurity, info: ValidationInfo) -> SmtpSecurity:
        # Otherwise client and server wait for each other (RFC 8314 §3.3, RFC 6409 §3.1).
        expected = {465: SmtpSecurity.TLS, 587: SmtpSecurity.STARTTLS}
        port = info.data.get("smtp_port", 0)
        if value is not SmtpSecurity.NONE and expected.get(port, value) is not value:
            raise ValueError(f"must be `{expected[port]}` on port {port}")
        return value

    @field_validator("smtp_password")
    @classmethod
    def _check_log_in(cls, value: SecretStr | None, info: ValidationInfo) -> object:
        # An invalid user name is reported separately.
        if "smtp_username" in info.data and (value is None) != (info.data["smtp_username"] is None):
            raise ValueError("must be set together with SMTP_USERNAME")
        return value

    @field_validator("mail_backend")
    @classmethod
    def _check_backend(cls, value: MailBackend, info: ValidationInfo) -> MailBackend:
        if in_production(info) and value is MailBackend.CONSOLE:
            raise ValueError("must be `smtp`, because the console would log the links of users")
        return value


class LimitSettings(SettingGroup):
    """Settings of rate limits."""

    limits_enabled: bool = Field(True, description="False to disable limits, for load tests only.")
    limit_general: Policy = Field("600/minute", description="All requests from an IP address.")
    limit_registration: Policy = Field("30/hour", description="Registrations from an IP address.")
    limit_token: Policy = Field(
        "60/minute", description="Log-ins, refreshes and revocations from an IP address."
    )
    limit_login_failures_per_ip: Policy = Field(
        "10/15minute", description="Failed log-ins of an account from one IP address."
    )
    limit_login_failures_per_account: Policy = Field(
        "100/hour", description="Failed log-ins of an account from all IP addresses."
    )
    limit_password_check: Policy = Field(
        "10/15minute", description="Password changes and account deletions by a user."
    )
    limit_mail_request: Policy = Field(
        "10/hour", description="Mails requested from an IP address or by a user."
    )
    limit_one_time_token: Policy = Field(
        "30/hour", description="One-time tokens sent from an IP address."
    )

    @field_validator("limits_enabled")
    @classmethod
    def _check_limits(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 -- Pydantic calls it
        if in_production(info) and not value:
            raise ValueError("must be true in production")
        return value
