"""Settings: their documentation, their defaults, and the values that production rejects."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.core.config import EXAMPLE_SECRET, Settings
from app.core.migrations import ROOT
from app.features import ServiceSettings

EXAMPLE = ROOT / ".env.example"
SECRET = "qA6pwcS-FmYcHsNl-tRd9oARtAzuMEM1njWGXLxRVKn0JQRVek0rFEIXwGt4QhiD"
HEXADECIMAL_SECRET = "e2a17c90b3d44b1e7dd2ca3907b1e4ac0d93e7a2b14cb0d97e3ca41d2b09ec73"
SAFE = {
    "environment": "production",
    "public_url": "https://app.example.com",
    "secret_key": SECRET,
    "database_url": "postgresql://plumbline:secret@db/plumbline",
    "allowed_hosts": "api.example.com",
    "mail_backend": "smtp",
}
WEAK_SECRETS = {
    "short": SECRET[:31],
    "repeated": "password" * 8,
    "example": f"{EXAMPLE_SECRET}-{SECRET}",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def load(**values: object) -> Settings:
    """Return the settings for these values, which are texts, as in the environment."""
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]  # Pydantic reads the text


def invalid_settings(**values: object) -> list[str]:
    """Return the names of the settings that are not valid."""
    with pytest.raises(ValidationError) as error:
        load(**values)
    return [str(fault["loc"][0]) for fault in error.value.errors()]


class TestExample:
    def test_the_example_file_names_every_setting_exactly_once(self) -> None:
        names = re.findall(r"^([A-Z_0-9]+)=", EXAMPLE.read_text(), re.MULTILINE)

        assert [name.lower() for name in names] == list(ServiceSettings.model_fields)

    def test_the_example_file_contains_the_defaults(self) -> None:
        example = Settings(_env_file=EXAMPLE, secret_key=SecretStr(SECRET))

        assert example == load(secret_key=SECRET)

    def test_the_example_file_has_a_comment_above_each_setting(self) -> None:
        lines = EXAMPLE.read_text().splitlines()

        assert [
            line
            for before, line in zip(["", *lines], lines, strict=False)
            if "=" in line and not line.startswith("#") and not before.startswith("# ")
        ] == []

    def test_the_secret_of_the_example_file_is_rejected(self) -> None:
        with pytest.raises(ValidationError, match="secret_key"):
            Settings(_env_file=EXAMPLE)


class TestFields:
    def test_each_setting_has_a_description(self) -> None:
        undocumented = [
            name for name, field in Settings.model_fields.items() if not field.description
        ]

        assert undocumented == []

    def test_list_settings_are_separated_by_commas(self) -> None:
        settings = load(
            secret_key=SECRET,
            secret_key_fallbacks=f"{HEXADECIMAL_SECRET}, {SECRET[::-1]}",
            allowed_hosts="a.example.com, *.b.example.com,,",
        )

        assert settings.allowed_hosts == ["a.example.com", "*.b.example.com"]
        assert settings.secrets == [SECRET, HEXADECIMAL_SECRET, SECRET[::-1]]

    def test_the_environment_takes_precedence_over_the_env_file(
        self, environment: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / ".env").write_text(f"SECRET_KEY={SECRET}\nSMTP_HOST=file\nMAIL_FROM=file@x.y\n")
        environment.setenv("SMTP_HOST", "environment")

        settings = Settings()

        assert (settings.smtp_host, settings.mail_from) == ("environment", "file@x.y")

    @pytest.mark.parametrize(
        ("public_url", "link"),
        [
            ("https://app.example.com", "https://app.example.com/verify-email"),
            ("https://app.example.com/", "https://app.example.com/verify-email"),
            ("https://example.com/app/", "https://example.com/app/verify-email"),
        ],
    )
    def test_links_start_with_the_public_url(self, public_url: str, link: str) -> None:
        settings = load(secret_key=SECRET, public_url=public_url)

        assert settings.link("/verify-email") == link

    @pytest.mark.parametrize("url", ["", "plumbline.db", "mysql://root@db/plumbline", "sqlite://"])
    def test_an_unsupported_database_url_is_rejected(self, url: str) -> None:
        assert invalid_settings(secret_key=SECRET, database_url=url) == ["database_url"]


class TestDevelopment:
    def test_development_starts_with_only_a_secret(self) -> None:
        settings = load(secret_key=SECRET)

        assert not settings.is_production

    def test_development_does_not_start_without_a_secret(self) -> None:
        assert invalid_settings() == ["secret_key"]

    @pytest.mark.parametrize("name", ["secret_key", "secret_key_fallbacks"])
    def test_development_rejects_a_short_secret(self, name: str) -> None:
        values = {"secret_key": SECRET, name: "x" * 31}

        assert invalid_settings(**values) == [name]

    def test_development_rejects_a_wildcard_origin(self) -> None:
        assert invalid_settings(secret_key=SECRET, cors_origins="*") == ["cors_origins"]


class TestProduction:
    def test_production_starts_with_safe_settings(self) -> None:
        settings = load(**SAFE)

        assert settings.is_production

    @pytest.mark.parametrize("kind", WEAK_SECRETS)
    def test_production_rejects_a_weak_secret(self, kind: str) -> None:
        assert invalid_settings(**{**SAFE, "secret_key": WEAK_SECRETS[kind]}) == ["secret_key"]

    @pytest.mark.parametrize("kind", WEAK_SECRETS)
    def test_production_rejects_a_weak_fallback_secret(self, kind: str) -> None:
        fallbacks = f"{HEXADECIMAL_SECRET},{WEAK_SECRETS[kind]}"

        assert invalid_settings(**{**SAFE, "secret_key_fallbacks": fallbacks}) == [
            "secret_key_fallbacks"
        ]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("database_url", "sqlite:///plumbline.db"), ("allowed_hosts", "*"),
            ("allowed_hosts", "api.example.com,*"), ("cors_origins", "*"),
            ("cors_origins", "https://app.example.com,*"), ("mail_backend", "console"),
            ("limits_enabled", "false"), ("public_url", ""),
        ],
    )  # fmt: skip
    def test_production_rejects_an_unsafe_setting(self, name: str, value: str) -> None:
        assert invalid_settings(**{**SAFE, name: value}) == [name]

    def test_production_accepts_a_random_secret_in_hexadecimal(self) -> None:
        settings = load(**{**SAFE, "secret_key": HEXADECIMAL_SECRET})

        assert settings.secrets == [HEXADECIMAL_SECRET]

    def test_production_accepts_sqlite_if_it_is_explicitly_allowed(self) -> None:
        settings = load(
            **{**SAFE, "database_url": "sqlite:///a.db", "allow_sqlite_in_production": "true"}
        )

        assert settings.is_production

    def test_production_does_not_start_with_the_defaults(self) -> None:
        invalid_names = invalid_settings(environment="production", secret_key=SECRET)

        assert invalid_names == ["public_url", "database_url", "allowed_hosts", "mail_backend"]

    def test_production_reports_all_invalid_settings_at_once(self) -> None:
        invalid_names = invalid_settings(
            environment="production",
            secret_key=WEAK_SECRETS["repeated"],
            secret_key_fallbacks=WEAK_SECRETS["example"],
            database_url="sqlite:///plumbline.db",
            allowed_hosts="*",
            cors_origins="*",
            mail_backend="console",
            limits_enabled="false",
        )

        assert invalid_names == [
            "public_url",
            "secret_key",
            "secret_key_fallbacks",
            "database_url",
            "allowed_hosts",
            "cors_origins",
            "mail_backend",
            "limits_enabled",
        ]


class TestSecrecy:
    SECRETS = (
        ("secret_key", SECRET),
        ("secret_key_fallbacks", HEXADECIMAL_SECRET),
        ("database_url", "postgresql://plumbline:database-password@db/plumbline"),
        ("redis_url", "redis://:redis-password@redis/0"),
        ("smtp_password", "smtp-password"),
    )

    def test_printed_settings_contain_no_secret(self) -> None:
        settings = load(**dict(self.SECRETS), smtp_username="mailer")

        shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
        assert [name for name, secret in self.SECRETS if secret in shown] == []

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("secret_key", "a-short-secret"),
            ("secret_key_fallbacks", "a-short-secret"),
            ("database_url", "mysql://root:database-password@db"),
        ],
    )
    def test_validation_errors_contain_no_secret(self, name: str, value: str) -> None:
        with pytest.raises(ValidationError) as error:
            load(**{"secret_key": SECRET, name: value})

        assert value not in f"{error.value} {error.value!r}"
