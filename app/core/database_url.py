"""`DATABASE_URL`, in the form of libpq: the only place that reads its words.

Whatever the driver would not understand is an error here, so that it is found when the process
starts. The messages name words, never values: a value may be a part of a password.
"""

import re
import sqlite3
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

POSTGRESQL_SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg")
SQLITE_SCHEMES = ("sqlite", "sqlite+aiosqlite")
MIN_SQLITE_VERSION = (3, 35, 0)
"""First version of SQLite with RETURNING."""

CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": (
        *("any", "primary", "standby", "read-write", "read-only", "prefer-standby"),
    ),
    "channel_binding": ("disable", "prefer"),
    "gssencmode": ("disable", "prefer"),
}
FILES = ("passfile", "sslcert", "sslkey", "sslrootcert")
TEXTS = ("application_name", "dbname", "host", "options", "password", "port", "user")
WORDS = {*CHOICES, *FILES, *TEXTS, "connect_timeout"}
ALIASES = {"ssl": "sslmode", "database": "dbname"}
"""Words of SQLAlchemy and asyncpg for the same."""
NOT_FOR_DRIVER = ("application_name", "channel_binding", "connect_timeout", "gssencmode", "options")

MAX_CONNECT_SECONDS = 60
SYSTEM = "system"
"""Value of `sslrootcert` that stands for the certificate authorities of the operating system."""
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\[\]:@]*)(:[0-9]{1,5})?")
_WORD = re.compile(r"[a-z_]{1,40}")
_OPTION = re.compile(r"(?:-c\s*|--)?([A-Za-z_.-]+)=")


@dataclass(frozen=True)
class PostgreSQLAddress:
    """What the driver is given to connect to PostgreSQL."""

    dsn: str = field(repr=False)
    """The URL, with the words that the driver reads by itself."""
    connect_seconds: int | None = None
    """Time for one attempt to connect; None if the URL does not say."""
    startup_parameters: dict[str, str] = field(default_factory=dict)
    """`application_name` and `options`, which the server reads."""
    verification: "SystemVerification | None" = None
    """Set if the server's certificate is verified by the system's authorities."""

    @property
    def options(self) -> set[str]:
        """Names of the server's settings in `options`. They take precedence over ours."""
        given = self.startup_parameters.get("options", "").split()
        names = [match[1] for word in given if (match := _OPTION.match(word))]
        return {name.replace("-", "_") for name in names}


@dataclass(frozen=True)
class SystemVerification:
    """Verification of the server's name and certificate by the system's authorities."""

    certificate: str | None
    key: str | None

    def create_context(self) -> ssl.SSLContext:
        """Create the TLS context, with the client's certificate if the URL names one."""
        context = ssl.create_default_context()
        context.set_alpn_protocols(["postgresql"])
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass(frozen=True)
class SQLiteAddress:
    """The file of an SQLite database."""

    path: str


def parse_database_url(url: str) -> PostgreSQLAddress | SQLiteAddress:
    """Return the address that a URL names. Raises ValueError, whose message says what is wrong."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme in SQLITE_SCHEMES:
        return _parse_sqlite(rest)
    if separator and scheme in POSTGRESQL_SCHEMES:
        return _parse_postgresql(rest)
    raise ValueError("must start with `sqlite:///` or `postgresql://`")


def _parse_sqlite(rest: str) -> SQLiteAddress:
    path, query, _ = rest.partition("?")
    if query or not path.startswith("/") or path in ("/", "/:memory:"):
        raise ValueError("must be `sqlite:///FILE`, without `?` and what follows it")
    file = path.removeprefix("/")
    if not Path(file).parent.is_dir():
        raise ValueError("names a file in a directory that does not exist")
    if sqlite3.sqlite_version_info < MIN_SQLITE_VERSION:
        needed = ".".join(map(str, MIN_SQLITE_VERSION))
        raise ValueError(f"needs SQLite {needed} or newer; this is {sqlite3.sqlite_version}")
    return SQLiteAddress(file)


def _parse_postgresql(rest: str) -> PostgreSQLAddress:
    parts = _split(rest)
    words = _read_words(parts.query)
    verification = _choose_verification(words)
    for_driver = {word: words[word] for word in words if word not in NOT_FOR_DRIVER}
    return PostgreSQLAddress(
        dsn=urlunsplit(parts._replace(query=urlencode(for_driver, quote_via=quote))),
        connect_seconds=int(words["connect_timeout"]) if "connect_timeout" in words else None,
        startup_parameters={
            word: words[word] for word in ("application_name", "options") if word in words
        },
        verification=verification,
    )


def _split(rest: str) -> SplitResult:
    """Return the parts of a URL behind its scheme. Raises ValueError."""
    try:
        parts = urlsplit(f"postgresql://{rest}")
        credentials, _, hosts = parts.netloc.rpartition("@")
        readable = (
            not parts.fragment
            and "@" not in credentials
            and all(_HOST.fullmatch(host) for host in hosts.split(","))
        )
    except ValueError:
        readable = False
    if not readable:
        raise ValueError(
            "cannot be read: it must have the form `postgresql://USER:PASSWORD@HOST:PORT/NAME`, "
            "with the special characters of the password percent-encoded"
        )
    return parts


def _read_words(query: str) -> dict[str, str]:
    """Return the words of a query with their values. Raises ValueError."""
    words: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        word = ALIASES.get(name, name)
        if word not in WORDS:
            _reject_word(word)
        if value:  # libpq takes an empty value for the default
            _check_value(word, value)
            words[word] = value
    return words


def _check_value(word: str, value: str) -> None:
    """Raise ValueError if the driver would not understand the value."""
    if word in ("channel_binding", "gssencmode") and value == "require":
        raise ValueError(f"has `{word}=require`, which the driver cannot do: write `{word}=prefer`")
    if word in CHOICES and value not in CHOICES[word]:
        raise ValueError(f"has a value of `{word}` other than {', '.join(CHOICES[word])}")
    if word in FILES and value != SYSTEM and not Path(value).is_file():
        raise ValueError(f"names a file in `{word}` that does not exist")
    if word == "connect_timeout" and value not in map(str, range(1, MAX_CONNECT_SECONDS + 1)):
        raise ValueError(f"has a `connect_timeout` outside of 1 to {MAX_CONNECT_SECONDS} seconds")


def _reject_word(word: str) -> None:
    known = f"known are {', '.join(sorted(WORDS))}"
    if not _WORD.fullmatch(word):
        raise ValueError(f"has a word behind `?` that is not known; {known}")
    if word in ("pgbouncer", "prepared_statement_cache_size", "statement_cache_size"):
        raise ValueError(f"has `{word}`: set DATABASE_POOLER=true instead")
    raise ValueError(f"has `{word}` behind `?`, which is not known; {known}")


def _choose_verification(words: dict[str, str]) -> SystemVerification | None:
    """Remove the words that ask for the system's authorities, and return how to verify by them."""
    by_system = words.get("sslrootcert") == SYSTEM
    mode = words.get("sslmode", "verify-full" if by_system else "prefer")
    if not by_system and (
        not mode.startswith("verify") or "sslrootcert" in words or _has_root_certificate()
    ):
        return None
    if mode != "verify-full":
        # A server with a certificate for any other name would pass.
        raise ValueError(
            "verifies no name by the system's authorities: set `sslmode=verify-full`, "
            "or name the authority's file in `sslrootcert`"
        )
    words.pop("sslrootcert", None)
    words.pop("sslmode", None)
    return SystemVerification(words.pop("sslcert", None), words.pop("sslkey", None))


def _has_root_certificate() -> bool:
    """Return True if the user has a file that libpq, and the driver, verify servers with."""
    try:
        return (Path.home() / ".postgresql" / "root.crt").is_file()
    except RuntimeError:  # a container's user may have no home directory
        return False
