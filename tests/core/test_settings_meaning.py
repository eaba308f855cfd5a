"""Settings mean what they say: one that would match nothing or fail later stops the start."""

import re
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.core.config import Settings
from app.core.migrations import ROOT
from tests.isolation import SECRET

EXAMPLE = ROOT / ".env.example"


@pytest.fixture(autouse=True)
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty directory without `.env`."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(**given: object) -> Settings:
    """Return the settings that result from these values, which are texts as in the environment."""
    return Settings(secret_key=SECRET, **given)  # type: ignore[arg-type]  # Pydantic reads the text


def fault_of(**given: object) -> str:
    """Return the message of the one setting that is not valid."""
    with pytest.raises(ValidationError) as error:
        load(**given)
    [fault] = error.value.errors()
    assert fault["loc"][0] == next(iter(given))
    return str(fault["msg"])


class TestHosts:
    @pytest.mark.parametrize(
        ("given", "read"),
        [
            ("api.example.com", "api.example.com"),
            ("API.Example.com.", "api.example.com"),
            ("*.example.com", "*.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
            ("my_service", "my_service"),
            ("*", "*"),
        ],
    )
    def test_are_read_as_clients_send_them(self, given: str, read: str) -> None:
        assert load(allowed_hosts=given).allowed_hosts == [read]

    @pytest.mark.parametrize(
        "host",
        [
            *("https://example.com", "example.com:8000", "example.com/path", "[::1]:8000"),
            *("a.*", "*foo", "*.*.com", "a b", "a..b", "-a.com", "localhost,*:8000"),
            "999.1.1.1",
        ],
    )
    def test_that_no_request_can_have_are_an_error(self, host: str) -> None:
        assert "without scheme, port and path" in fault_of(allowed_hosts=host)

    def test_below_an_address_are_an_error(self) -> None:
        assert "addresses have no hosts below them" in fault_of(allowed_hosts="*.1.2.3.4")

    @pytest.mark.parametrize("hosts", ["", " , "])
    def test_are_at_least_one(self, hosts: str) -> None:
        assert "at least 1 item" in fault_of(allowed_hosts=hosts)

    @pytest.mark.parametrize(
        ("given", "read"), [("[::1]", "::1"), ("Mail.Example.com", "mail.example.com")]
    )
    def test_of_the_mail_server_are_read_as_the_resolver_takes_them(
        self, given: str, read: str
    ) -> None:
        assert load(smtp_host=given).smtp_host == read

    @pytest.mark.parametrize(
        "host", ["", "smtp://mail.example.com", "mail.example.com:587", "mail example"]
    )
    def test_of_the_mail_server_are_hosts_too(self, host: str) -> None:
        assert "without scheme, port and path" in fault_of(smtp_host=host)


class TestOrigins:
    @pytest.mark.parametrize(
        ("given", "read"),
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
    def test_are_read_as_browsers_send_them(self, given: str, read: str) -> None:
        assert load(cors_origins=given).cors_origins == [read]

    @pytest.mark.parametrize(
        "origin",
        [
            *("https://app.example.com/path", "app.example.com", "localhost:5173", "null"),
            *(
                "https://*.example.com",
                "https://ada@app.example.com",
                "https://app.example.com?a=b",
            ),
            *(
                "https://",
                "https://x:0",
                "https://app.example.com:port",
                "https://app.example.com/#x",
            ),
        ],
    )
    def test_that_no_browser_sends_are_an_error(self, origin: str) -> None:
        assert "must be an origin such as" in fault_of(cors_origins=origin)


class TestMail:
    @pytest.mark.parametrize(
        ("given", "read"),
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
    def test_comes_from_one_address_whatever_the_name(self, given: str, read: str) -> None:
        assert load(mail_from=given).mail_from == read

    @pytest.mark.parametrize(
        "sender",
        [
            *("", "Acme", "Acme <>", "a@example.com, b@example.com", "a@", "ü@example.com"),
            *(
                "Acme <a@example.com> b",
                "a@example.com\r\nBcc: b@example.com",
                "A\nB <a@example.com>",
            ),
        ],
    )
    def test_from_no_single_address_is_an_error(self, sender: str) -> None:
        assert "must be one address" in fault_of(mail_from=sender)

    @pytest.mark.parametrize(("port", "security"), [("465", "starttls"), ("587", "tls")])
    def test_server_speaks_tls_as_its_port_says(self, port: str, security: str) -> None:
        assert f"on port {port}" in fault_of(smtp_security=security, smtp_port=port)

    @pytest.mark.parametrize(
        "given", [{"smtp_username": "ada"}, {"smtp_password": "secret", "smtp_username": ""}]
    )
    def test_log_in_has_a_name_and_a_password(self, given: dict[str, str]) -> None:
        with pytest.raises(ValidationError, match="together with SMTP_USERNAME"):
            load(**given)


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
def test_another_setting_without_a_meaning_is_an_error(name: str, value: str, message: str) -> None:
    assert message in fault_of(**{name: value})


def test_spaces_and_capitals_do_not_matter_where_the_meaning_is_clear() -> None:
    settings = load(
        environment=" Development\r", log_level="warn", mail_backend="Console", smtp_host=" mail\r"
    )

    assert (settings.log_level, settings.smtp_host) == ("WARNING", "mail")


def test_quotes_around_a_value_are_removed_as_shells_do() -> None:
    settings = load(mail_from='"Acme, Inc. <mail@acme.com>"', log_level="'debug'")

    assert settings.mail_from == '"Acme, Inc." <mail@acme.com>'
    assert settings.log_level == "DEBUG"


def test_an_empty_variable_leaves_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "SMTP_HOST", "PUBLIC_URL", "ALLOWED_HOSTS"):
        monkeypatch.setenv(name, "")

    assert load() == Settings(_env_file=None, secret_key=SecretStr(SECRET))


def test_tokens_are_accepted_by_a_process_on_another_port() -> None:
    assert load(port="8001").issuer == load(port="8002").issuer
    assert load(public_url="https://app.example.com/").issuer == "https://app.example.com"


class TestFile:
    def values(self, lines: list[str]) -> dict[str, str]:
        return dict(line.split("=", 1) for line in lines if re.match("[A-Z]", line))

    def test_of_the_example_is_read_alike_by_shells_and_by_docker(self) -> None:
        shell = f"set -euo allexport; . {EXAMPLE}; env"
        exported = subprocess.run(
            ["bash", "-c", shell], capture_output=True, text=True, check=True, env={"PATH": "/bin"}
        )

        # Docker takes each line as it is, with quotes and comments.
        docker = self.values(EXAMPLE.read_text().splitlines())
        sourced = self.values(exported.stdout.splitlines())
        assert exported.stderr == ""
        assert docker.items() <= sourced.items()
        assert Settings(_env_file=EXAMPLE, secret_key=SECRET) == Settings(
            _env_file=None,
            **{name.lower(): value for name, value in {**docker, "SECRET_KEY": SECRET}.items()},  # type: ignore[arg-type]  # texts
        )

    def test_may_begin_with_a_byte_order_mark(self, directory: Path) -> None:
        (directory / ".env").write_text(f"SECRET_KEY={SECRET}\nSMTP_HOST=mail\n", "utf-8-sig")

        assert Settings().smtp_host == "mail"
