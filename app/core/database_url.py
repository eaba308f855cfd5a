"""Parser of `DATABASE_URL`, which has the form of libpq. The only module that reads its parameters.

Whatever the driver would not understand is an error here, so that it is found when the process
starts. The messages name parameters, never values, because a value may be a part of a password.
"""

import re
import sqlite3
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

POSTGRESQL_SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg")
SQLITE_SCHEMES = ("sqlite", "sqlite+aiosqlite")
MIN_SQLITE_VERSION = (3, 35, 0)
"""First version of SQLite with RETURNING."""

TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
STRICT_TLS_MODES = ("require", "verify-ca", "verify-full")
CHOICES = {
    "sslmode": TLS_MODES,
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": (
        *("any", "primary", "standby", "read-write", "read-only", "prefer-standby"),
    ),
    "channel_binding": ("disable", "prefer"),
    "gssencmode": ("disable", "prefer"),
}
FILES = ("passfile", "sslcert", "sslkey", "sslrootcert")
TEXTS = ("application_name", "dbname", "host", "options", "password", "port", "user")
PARAMETERS = {*CHOICES, *FILES, *TEXTS, "connect_timeout"}
ALIASES = {"ssl": "sslmode", "database": "dbname"}
"""Names of SQLAlchemy and asyncpg for the same parameters."""
NOT_FOR_DRIVER = ("application_name", "channel_binding", "connect_timeout", "gssencmode", "options")

MAX_CONNECT_SECONDS = 60
MAX_PORT = 65_535
SYSTEM = "system"
"""Value of `sslrootcert` that selects the operating system's certificate authorities."""
UNREADABLE = (
    "cannot be read: it must have the form `postgresql://USER:PASSWORD@HOST:PORT/NAME`, "
    "with the special characters of the password percent-encoded"
)

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.%]+\]|[^\[\]:@]*)(:(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"[a-z_]{1,40}")
_OPTION = re.compile(r"(?:-c\s*|--)?([A-Za-z_.-]+)=")


@dataclass(frozen=True)
class PostgreSQLAddress:
    """Address of a PostgreSQL server, in the form that the driver takes."""

    dsn: str = field(repr=False)
    """The URL, with the parameters that the driver reads by itself."""
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
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_default_certs()
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
    scheme = scheme.lower()
    if separator and scheme in SQLITE_SCHEMES:
        return _parse_sqlite(rest)
    if separator and scheme in POSTGRESQL_SCHEMES:
        return _parse_postgresql(rest)
    raise ValueError("must start with `sqlite:///` or `postgresql://`")


def _parse_sqlite(rest: str) -> SQLiteAddress:
    path, query, _ = rest.partition("?")
    if query or not path.startswith("/") or path in ("/", "/:memory:") or "\0" in path:
        raise ValueError("must be `sqlite:///FILE`, without `?` and what follows it")
    file = Path(path.removeprefix("/"))
    if not _path_is(Path.is_dir, file.parent) or _path_is(Path.is_dir, file):
        raise ValueError("must name a file in a directory that exists")
    if sqlite3.sqlite_version_info < MIN_SQLITE_VERSION:
        needed = ".".join(map(str, MIN_SQLITE_VERSION))
        raise ValueError(f"needs SQLite {needed} or newer; this is {sqlite3.sqlite_version}")
    return SQLiteAddress(str(file))


def _parse_postgresql(rest: str) -> PostgreSQLAddress:
    parts = _split(rest)
    parameters = _read_parameters(parts.query)
    _check_places(parts, parameters)
    _check_certificates(parameters)
    verification = _choose_verification(parameters)
    mode = "verify-full" if verification else parameters.get("sslmode")
    if parameters.get("sslnegotiation") == "direct" and mode not in STRICT_TLS_MODES:
        raise ValueError("has `sslnegotiation=direct`, which needs `sslmode=require` or stricter")
    for_driver = {name: parameters[name] for name in parameters if name not in NOT_FOR_DRIVER}
    seconds = parameters.get("connect_timeout")
    return PostgreSQLAddress(
        dsn=urlunsplit(parts._replace(query=urlencode(for_driver, quote_via=quote))),
        connect_seconds=int(seconds) if seconds else None,
        startup_parameters={
            name: parameters[name] for name in ("application_name", "options") if name in parameters
        },
        verification=verification,
    )


def _split(rest: str) -> SplitResult:
    """Return the parts of a URL behind its scheme. Raises ValueError."""
    try:
        parts = urlsplit(f"postgresql://{rest}")
    except ValueError:
        raise ValueError(UNREADABLE) from None
    credentials, _, hosts = parts.netloc.rpartition("@")
    if parts.fragment or "@" in credentials:
        raise ValueError(UNREADABLE)
    if hosts:
        _check_hosts(hosts, "")
    return parts


def _check_hosts(hosts: str, ports: str) -> None:
    """Raise ValueError unless each host is one, and each port belongs to one."""
    matches = [_HOST.fullmatch(host) for host in hosts.split(",")]
    given = [match and match["port"] for match in matches] + (ports.split(",") if ports else [])
    if (
        not all(match and _is_host(match["name"]) for match in matches)
        or not all(port is None or _is_port(port) for port in given)
        or (ports and ports.count(",") not in (0, hosts.count(",")))
    ):
        raise ValueError(UNREADABLE)


def _is_host(name: str) -> bool:
    try:
        # A name that the resolver cannot encode raises UnicodeError. A directory is a socket's.
        return bool(name) and (unquote(name).startswith("/") or bool(name.encode("idna")))
    except UnicodeError:
        return False


def _is_port(port: str) -> bool:
    return port.isdecimal() and 1 <= int(port) <= MAX_PORT


def _read_parameters(query: str) -> dict[str, str]:
    """Return the parameters of a query. Raises ValueError."""
    parameters: dict[str, str] = {}
    for given, value in parse_qsl(query, keep_blank_values=True):
        name = ALIASES.get(given, given)
        if name not in PARAMETERS:
            _reject(name)
        if name in parameters:
            raise ValueError(f"has `{name}` twice")
        if value:  # libpq takes an empty value for the default
            _check_value(name, value)
            parameters[name] = value
    return parameters


def _reject(name: str) -> None:
    supported = f"supported are {', '.join(sorted(PARAMETERS))}"
    if not _NAME.fullmatch(name):
        raise ValueError(f"has an unsupported parameter behind `?`; {supported}")
    if name in ("pgbouncer", "prepared_statement_cache_size", "statement_cache_size"):
        raise ValueError(f"has `{name}`: set DATABASE_POOLER=true instead")
    raise ValueError(f"has an unsupported parameter `{name}`; {supported}")


def _check_value(name: str, value: str) -> None:
    """Raise ValueError if the driver would not understand the value."""
    if name in ("channel_binding", "gssencmode") and value == "require":
        raise ValueError(f"has `{name}=require`, which the driver cannot do: write `{name}=prefer`")
    if name in CHOICES and value not in CHOICES[name]:
        raise ValueError(f"has a value of `{name}` other than {', '.join(CHOICES[name])}")
    by_system = name == "sslrootcert" and value == SYSTEM
    if name in FILES and not by_system and not _path_is(Path.is_file, Path(value)):
        raise ValueError(f"names a file in `{name}` that does not exist or cannot be read")
    if name == "connect_timeout" and value not in map(str, range(1, MAX_CONNECT_SECONDS + 1)):
        raise ValueError(f"has a `connect_timeout` outside of 1 to {MAX_CONNECT_SECONDS} seconds")


def _check_places(parts: SplitResult, parameters: dict[str, str]) -> None:
    """Raise ValueError if the URL says in two places where the database is."""
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    places = {
        "host": hosts,
        "port": hosts,
        "user": user,
        "password": password,
        "dbname": parts.path.removeprefix("/"),
    }
    for name, place in places.items():
        if place and name in parameters:
            raise ValueError(f"has `{name}` behind `?` and in front of it")
    if not hosts:
        _check_hosts(parameters.get("host", "localhost"), parameters.get("port", ""))


def _check_certificates(parameters: dict[str, str]) -> None:
    """Raise ValueError if a file holds no certificate. The driver would find that out later."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if parameters.get("sslrootcert", SYSTEM) != SYSTEM:
            context.load_verify_locations(parameters["sslrootcert"])
        if "sslcert" in parameters:
            context.load_cert_chain(parameters["sslcert"], parameters.get("sslkey"), password="")
    except OSError as error:
        raise ValueError(
            "names a file in `sslrootcert`, `sslcert` or `sslkey` without one"
        ) from error


def _choose_verification(parameters: dict[str, str]) -> SystemVerification | None:
    """Return how to verify by the system's authorities, and remove the parameters that select
    them; return None if the driver verifies by a file, or not at all.
    """
    by_system = parameters.get("sslrootcert") == SYSTEM
    mode = parameters.get("sslmode", "verify-full" if by_system else "prefer")
    if not by_system and (
        not mode.startswith("verify") or "sslrootcert" in parameters or _has_root_certificate()
    ):
        return None
    if mode != "verify-full":
        # A server with a certificate for any other name would pass.
        raise ValueError(
            "needs `sslmode=verify-full` with the system's certificate authorities, "
            "or the authority's file in `sslrootcert`"
        )
    parameters.pop("sslrootcert", None)
    parameters.pop("sslmode", None)
    return SystemVerification(parameters.pop("sslcert", None), parameters.pop("sslkey", None))


def _has_root_certificate() -> bool:
    """Return True if the user has a file that libpq, and the driver, verify servers with."""
    try:
        return _path_is(Path.is_file, Path.home() / ".postgresql" / "root.crt")
    except RuntimeError:  # a container's user may have no home directory
        return False


def _path_is(test: Callable[[Path], bool], path: Path) -> bool:
    """Return the result of the test; False if the path must not be looked up."""
    try:
        return test(path)
    except (OSError, ValueError):
        return False
