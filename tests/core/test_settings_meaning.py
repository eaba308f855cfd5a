"""Settings that have no effect or would fail later, which are rejected at start-up."""

import re
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.core.config import Settings
from app.core.migrations import ROOT
from tests.support.isolation import SECRET

EXAMPLE = ROOT / ".env.example"


@pytest.fixture(autouse=True)
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Create an empty directory without `.env` and make it the current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(**values: object) -> Settings:
    """Return the settings for these values, which are texts, as in the environment."""
    return Settings(secret_key=SECRET, **values)  # type: ignore[arg-type]  # Pydantic reads the text


def fault_of(**values: object) -> str:
    """Return the error message of the only setting that is not valid."""
    with pytest.raises(ValidationError) as error:
        load(**values)
    [fault] = error.value.errors()
    assert fault["loc"][0] == next(iter(values))
    return str(fault["msg"])


class TestHosts:
    @pytest.mark.parametrize(
        ("value", "normalized"),
        [
            ("api.example.com", "api.example.com"), ("API.Example.com.", "api.example.com"),
            ("*.example.com", "*.example.com"), ("bücher.example", "xn--bcher-kva.example"),
            ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("[::1]", "[::1]"),
            ("my_service", "my_service"), ("*", "*"),
        ],
    )  # fmt: skip
    def test_allowed_hosts_are_normalized_to_the_form_that_clients_send(
        self, value: str, normalized: str
    ) -> None:
        assert load(allowed_hosts=value).allowed_hosts == [normalized]

    @pytest.mark.parametrize(
        "host",
        [
            *("https://example.com", "example.com:8000", "example.com/path", "[::1]:8000"),
            *("a.*", "*foo", "*.*.com", "a b", "a..b", "-a.com", "localhost,*:8000"),
            "999.1.1.1",
        ],
    )
    def test_an_allowed_host_that_no_request_can_have_is_an_error(self, host: str) -> None:
        assert "without scheme, port or path" in fault_of(allowed_hosts=host)

    def test_a_wildcard_below_an_ip_address_is_an_error(self) -> None:
        assert "an IP address has no subdomains" in fault_of(allowed_hosts="*.1.2.3.4")

    @pytest.mark.parametrize("hosts", ["", " , "])
    def test_an_empty_list_of_allowed_hosts_is_an_error(self, hosts: str) -> None:
        assert "at least 1 item" in fault_of(allowed_hosts=hosts)

    @pytest.mark.parametrize(
        ("value", "normalized"), [("[::1]", "::1"), ("Mail.Example.com", "mail.example.com")]
    )
    def test_smtp_host_is_normalized_to_the_form_that_the_resolver_accepts(
        self, value: str, normalized: str
    ) -> None:
        assert load(smtp_host=value).smtp_host == normalized

    @pytest.mark.parametrize(
        "host", ["", "smtp://mail.example.com", "mail.example.com:587", "mail example"]
    )
    def test_an_smtp_host_that_is_not_a_host_is_an_error(self, host: str) -> None:
        assert "without scheme, port or path" in fault_of(smtp_host=host)


@pytest.mark.parametrize(
    ("value", "normalized"),
    [
        ("https://app.example.com", "https://app.example.com"),
        ("https://app.example.com/", "https://app.example.com"),
        ("HTTPS://App.Example.com", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_cors_origins_are_normalized_to_the_form_that_browsers_send(
    value: str, normalized: str
) -> None:
    assert load(cors_origins=value).cors_origins == [normalized]


@pytest.mark.parametrize(
    "origin",
    [
        *("https://app.example.com/path", "app.example.com", "localhost:5173", "null"),
        *("https://*.example.com", "https://ada@app.example.com", "https://app.example.com?a=b"),
        *("https://", "https://x:0", "https://app.example.com:port", "https://app.example.com/#x"),
    ],
)
def test_a_cors_origin_that_no_browser_sends_is_an_error(origin: str) -> None:
    assert "must be an origin such as" in fault_of(cors_origins=origin)


@pytest.mark.parametrize(
    ("value", "normalized"),
    [
        ("no-reply@example.com", "no-reply@example.com"),
        ("<no-reply@example.com>", "no-reply@example.com"),
        ("Acme <no-reply@example.com>", "Acme <no-reply@example.com>"),
        ("Acme, Inc. <no-reply@example.com>", '"Acme, Inc." <no-reply@example.com>'),
        ('"Acme, Inc." <no-reply@example.com>', '"Acme, Inc." <no-reply@example.com>'),
        ("Bücher <no-reply@bücher.example>", "Bücher <no-reply@xn--bcher-kva.example>"),
        ("root@mailhost", "root@mailhost"),
    ],
)
def test_mail_from_is_one_address_with_an_optional_name(value: str, normalized: str) -> None:
    assert load(mail_from=value).mail_from == normalized


@pytest.mark.parametrize(
    "sender",
    [
        *("", "Acme", "Acme <>", "a@example.com, b@example.com", "a@", "ü@example.com"),
        *("Acme <a@example.com> b", "a@example.com\r\nBcc: b@example.com", "A\nB <a@example.com>"),
    ],
)
def test_a_mail_from_that_is_not_one_address_is_an_error(sender: str) -> None:
    assert "must be one address" in fault_of(mail_from=sender)


@pytest.mark.parametrize(("port", "security"), [("465", "starttls"), ("587", "tls")])
def test_an_smtp_security_that_does_not_fit_the_port_is_an_error(port: str, security: str) -> None:
    assert f"on port {port}" in fault_of(smtp_security=security, smtp_port=port)


@pytest.mark.parametrize(
    "values", [{"smtp_username": "ada"}, {"smtp_password": "secret", "smtp_username": ""}]
)
def test_smtp_username_and_smtp_password_must_be_set_together(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="together with SMTP_USERNAME"):
        load(**values)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("public_url", "https://app.example.com/?a=b", "query"),
        ("public_url", "https://app.example.com/#a", "fragment"),
        ("public_url", "https://ada@app.example.com", "user"),
        ("public_url", "https://:secret@app.example.com", "user"),
        ("public_url", "app.example.com", "URL"),
        ("otel_exporter_otlp_endpoint", "http://collector:4318?x=1", "query"),
        ("otel_exporter_otlp_endpoint", "http://collector:4317", "gRPC"),
        ("argon2_rounds", "1000", "less than or equal to 100"),
        ("argon2_memory_kib", "9999999", "less than or equal to"),
        ("log_level", "loud", "must be DEBUG, INFO, WARNING or ERROR"),
        ("limit_token", "60 per minute", "`10/minute` or `10/15minute`"),
        ("otel_exporter_otlp_endpoint", "http://collector:4318/v1/traces", "must end before"),
        ("trusted_proxies", "*", "network"),
        ("trusted_proxies", "proxy.example.com", "network"),
        ("trusted_proxies", "10.0.0.1/8", "network"),
        ("port", "0", "greater than or equal to 1"),
    ],
)
def test_a_setting_without_effect_is_an_error_that_names_the_reason(
    name: str, value: str, message: str
) -> None:
    assert message in fault_of(**{name: value})


def test_settings_ignore_surrounding_spaces_and_case() -> None:
    settings = load(
        environment=" Development\r", log_level="warn", mail_backend="Console", smtp_host=" mail\r"
    )

    assert (settings.log_level, settings.smtp_host) == ("WARNING", "mail")


def test_quotes_around_a_setting_are_removed() -> None:
    settings = load(mail_from='"Acme, Inc. <mail@acme.com>"', log_level="'debug'")

    assert settings.mail_from == '"Acme, Inc." <mail@acme.com>'
    assert settings.log_level == "DEBUG"


def test_an_empty_environment_variable_keeps_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "SMTP_HOST", "PUBLIC_URL", "ALLOWED_HOSTS"):
        monkeypatch.setenv(name, "")

    assert load() == Settings(_env_file=None, secret_key=SecretStr(SECRET))


def test_the_token_issuer_does_not_depend_on_the_port() -> None:
    assert load(port="8001").issuer == load(port="8002").issuer
    assert load(public_url="https://app.example.com/").issuer == "https://app.example.com"


class TestEnvFile:
    def values(self, lines: list[str]) -> dict[str, str]:
        return dict(line.split("=", 1) for line in lines if re.match("[A-Z]", line))

    def test_shells_and_docker_read_the_same_values_from_the_example_file(self) -> None:
        shell = f"set -euo allexport; . {EXAMPLE}; env"
        exported = subprocess.run(
            ["bash", "-c", shell], capture_output=True, text=True, check=True, env={"PATH": "/bin"}
        )

        # Docker keeps the quotes and comments of a line.
        docker = self.values(EXAMPLE.read_text().splitlines())
        sourced = self.values(exported.stdout.splitlines())
        assert exported.stderr == ""
        assert docker.items() <= sourced.items()
        assert Settings(_env_file=EXAMPLE, secret_key=SECRET) == Settings(
            _env_file=None,
            **{name.lower(): value for name, value in {**docker, "SECRET_KEY": SECRET}.items()},  # type: ignore[arg-type]  # texts
        )

    def test_an_env_file_may_begin_with_a_byte_order_mark(self, directory: Path) -> None:
        (directory / ".env").write_text(f"SECRET_KEY={SECRET}\nSMTP_HOST=mail\n", "utf-8-sig")

        assert Settings().smtp_host == "mail"
