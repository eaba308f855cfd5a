"""Parsing of `DATABASE_URL`."""

import sqlite3
import ssl
from pathlib import Path

import pytest

from app.core.database_parameters import SystemVerification
from app.core.database_url import PostgreSQLAddress, SQLiteAddress, parse_database_url
from tests.support.certificates import write_certificate

HOST = "postgresql://ada:secret@db.example.com:5432/plumbline"


def postgresql(url: str) -> PostgreSQLAddress:
    address = parse_database_url(url)
    assert isinstance(address, PostgreSQLAddress)
    return address


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Create an empty home directory and return it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


class TestPostgreSQL:
    @pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
    def test_each_postgresql_scheme_is_accepted(self, scheme: str) -> None:
        address = postgresql(f"{scheme}://ada:secret@db/plumbline")

        assert address == PostgreSQLAddress("postgresql://ada:secret@db/plumbline")

    @pytest.mark.parametrize(
        "rest",
        [
            "ada:secret@one:5432,two:5433/plumbline", "ada:p%40ss%3Aw%2Frd@db/plumbline",
            "ada@[::1]:5432/plumbline", "%2Fvar%2Frun%2Fpostgresql/plumbline", "db",
        ],
    )  # fmt: skip
    def test_user_host_and_database_are_passed_to_the_driver_unchanged(self, rest: str) -> None:
        assert postgresql(f"postgresql://{rest}").dsn == f"postgresql://{rest}"

    @pytest.mark.parametrize(
        "parameters",
        [
            "sslmode=disable", "sslmode=allow", "sslmode=prefer", "sslmode=require",
            "sslmode=require&sslnegotiation=direct", "target_session_attrs=read-write",
        ],
    )  # fmt: skip
    def test_parameters_that_the_driver_supports_are_passed_to_it(self, parameters: str) -> None:
        assert postgresql(f"{HOST}?{parameters}").dsn == f"{HOST}?{parameters}"

    def test_user_host_and_database_may_be_in_the_parameters(self) -> None:
        place = "host=%2Ftmp&user=ada&password=secret&port=5433&dbname=plumbline"

        assert postgresql(f"postgresql://?{place}").dsn.endswith(f"?{place}")

    @pytest.mark.parametrize(
        ("alias", "parameter"), [("ssl=require", "sslmode=require"), ("database=x", "dbname=x")]
    )
    def test_a_parameter_of_asyncpg_means_the_same_as_that_of_libpq(
        self, alias: str, parameter: str
    ) -> None:
        url = "postgresql://db"

        assert postgresql(f"{url}?{alias}") == postgresql(f"{url}?{parameter}")

    @pytest.mark.parametrize(
        "parameters",
        ["channel_binding=prefer", "channel_binding=disable", "gssencmode=disable", "sslmode="],
    )
    def test_a_parameter_without_effect_is_not_passed_to_the_driver(self, parameters: str) -> None:
        assert postgresql(f"{HOST}?{parameters}") == postgresql(HOST)

    def test_application_name_and_options_are_passed_to_the_server(self) -> None:
        address = postgresql(
            f"{HOST}?application_name=billing&options=-c%20statement_timeout%3D60s%20"
            "--lock-timeout%3D1s%20endpoint%3Dx&connect_timeout=3"
        )

        assert address.dsn == HOST
        assert address.connect_seconds == 3
        assert address.startup_parameters == {
            "application_name": "billing",
            "options": "-c statement_timeout=60s --lock-timeout=1s endpoint=x",
        }
        assert {"statement_timeout", "lock_timeout"} <= address.options

    @pytest.mark.parametrize(
        ("parameters", "named"),
        [
            ("sslmode=verify", "sslmode"), ("ssl=true", "sslmode"),
            ("channel_binding=require", "channel_binding=require"),
            ("gssencmode=require", "gssencmode=require"),
            ("target_session_attrs=master", "target_session_attrs"),
            ("connect_timeout=0", "connect_timeout"), ("connect_timeout=soon", "connect_timeout"),
            ("sslrootcert=/nowhere/root.crt", "sslrootcert"),
            ("sslmode=verify-ca", "sslmode=verify-full"),
            ("sslmode=verify-ca&sslrootcert=system", "sslmode=verify-full"),
            ("pgbouncer=true", "DATABASE_POOLER"),
            ("prepared_statement_cache_size=0", "DATABASE_POOLER"),
            ("keepalives_idle=30", "keepalives_idle"), ("statement_timeout=1", "statement_timeout"),
            ("service=billing", "service"), ("sslmode=require&sslmode=disable", "twice"),
            ("ssl=require&sslmode=require", "twice"), ("host=other", "`host` both"),
            ("port=5433", "`port` both"), ("user=eve", "`user` both"),
            ("password=x", "`password` both"), ("dbname=other", "`dbname` both"),
            ("sslnegotiation=direct", "sslmode=require"), ("sslcert=system", "sslcert"),
            ("sslrootcert=/etc/passwd", "sslrootcert"), ("sslcert=/etc/passwd", "sslcert"),
        ],
    )  # fmt: skip
    @pytest.mark.usefixtures("home")
    def test_an_unsupported_parameter_is_an_error_that_names_it(
        self, parameters: str, named: str
    ) -> None:
        with pytest.raises(ValueError, match=named):
            parse_database_url(f"{HOST}?{parameters}")

    @pytest.mark.parametrize(
        "password", ["hunter2#", "hunter2/", "hunter2?", "hunter2@x", "hunter2?a=b", "hunter2[x"]
    )
    def test_a_password_that_is_not_encoded_is_an_error_that_does_not_contain_it(
        self, password: str
    ) -> None:
        with pytest.raises(ValueError, match=r"cannot be read|unsupported") as error:
            parse_database_url(f"postgresql://ada:{password}@db/plumbline")

        assert "hunter2" not in str(error.value)

    @pytest.mark.parametrize(
        "place",
        [
            *("db:port", "db:123456", "db:70000", "db:0", "one,two:x", "[::1", "db,", "a..b"),
            *(f"{'x' * 70}.com", "?host=a,b&port=1,2,3", "?host=db&port=abc"),
        ],
    )
    def test_an_invalid_host_or_port_in_the_database_url_is_an_error(self, place: str) -> None:
        with pytest.raises(ValueError, match="cannot be read"):
            parse_database_url(f"postgresql://{place}")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "parameters",
    [
        "sslmode=verify-full",
        "ssl=verify-full",
        "sslrootcert=system",
        "sslmode=verify-full&sslrootcert=system",
    ],
)
def test_the_system_certificates_are_used_if_there_is_no_certificate_file(parameters: str) -> None:
    address = postgresql(f"{HOST}?{parameters}")

    assert address == PostgreSQLAddress(HOST, verification=SystemVerification(None, None))
    assert address.verification is not None
    context = address.verification.create_context()
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_a_certificate_file_in_the_url_is_passed_to_the_driver(home: Path, mode: str) -> None:
    file = home / "root.crt"
    write_certificate(file)

    address = postgresql(f"{HOST}?sslmode={mode}&sslrootcert={file}")

    assert f"sslmode={mode}" in address.dsn
    assert address.verification is None


@pytest.mark.usefixtures("home")
def test_a_certificate_file_in_the_home_directory_is_left_to_the_driver(home: Path) -> None:
    (home / ".postgresql").mkdir()
    (home / ".postgresql" / "root.crt").touch()

    address = postgresql(f"{HOST}?sslmode=verify-ca")

    assert address == PostgreSQLAddress(f"{HOST}?sslmode=verify-ca")


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])
@pytest.mark.parametrize("file", ["plumbline.db", "/tmp/plumbline.db"])
def test_the_path_of_an_sqlite_file_may_be_relative_or_absolute(scheme: str, file: str) -> None:
    assert parse_database_url(f"{scheme}:///{file}") == SQLiteAddress(file)


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("", "sqlite:///FILE"), ("/", "sqlite:///FILE"), ("/:memory:", "sqlite:///FILE"),
        ("plumbline.db", "sqlite:///FILE"), ("/plumbline.db?mode=ro", "sqlite:///FILE"),
        ("/nowhere/plumbline.db", "directory"), ("//tmp", "directory"),
        ("/x\0.db", "sqlite:///FILE"),
    ],
)  # fmt: skip
def test_an_sqlite_url_without_a_usable_file_is_an_error(rest: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_database_url(f"sqlite://{rest}")


def test_an_sqlite_version_that_is_too_old_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))

    with pytest.raises(ValueError, match=r"requires SQLite 3\.35\.0 or newer"):
        parse_database_url("sqlite:///plumbline.db")


@pytest.mark.parametrize(
    "url", ["", "plumbline.db", "mysql://root@db/x", "postgresql+psycopg2://db/x"]
)
def test_an_unsupported_scheme_of_the_database_url_is_an_error(url: str) -> None:
    with pytest.raises(ValueError, match="must start with"):
        parse_database_url(url)
