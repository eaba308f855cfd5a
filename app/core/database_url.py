"""Parser of `DATABASE_URL`, whose form PostgreSQL's client library, libpq, defines.

A value that the driver would not understand is an error here, so that it is found at start-up.
Error messages contain names of parameters, but no values: a value may be a part of a password.
"""

import re
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit, urlunsplit

from app.core.database_parameters import (
    SystemVerification,
    check_certificates,
    choose_verification,
    path_is,
    read_parameters,
)

POSTGRESQL_SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg")
SQLITE_SCHEMES = ("sqlite", "sqlite+aiosqlite")
MIN_SQLITE_VERSION = (3, 35, 0)
"""First version of SQLite with RETURNING."""

NOT_FOR_DRIVER = ("application_name", "channel_binding", "connect_timeout", "gssencmode", "options")
"""Parameters that the driver does not read."""
STRICT_TLS_MODES = ("require", "verify-ca", "verify-full")
MAX_PORT = 65_535
UNREADABLE = (
    "cannot be read: it must have the form `postgresql://USER:PASSWORD@HOST:PORT/NAME`, "
    "with the special characters of the password percent-encoded"
)

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.%]+\]|[^\[\]:@]*)(:(?P<port>[0-9]{1,5}))?")
_OPTION = re.compile(r"(?:-c\s*|--)?([A-Za-z_.-]+)=")


@dataclass(frozen=True)
class PostgreSQLAddress:
    """Address of a PostgreSQL server, in the form that the driver takes."""

    dsn: str = field(repr=False)
    """URL with only the parameters that the driver reads."""
    connect_seconds: int | None = None
    """Time limit of one attempt to connect, in seconds; None if the URL has none."""
    startup_parameters: dict[str, str] = field(default_factory=dict)
    """Parameters that the server reads: `application_name` and `options`."""
    verification: SystemVerification | None = None
    """Verification of the server with the system's authorities; None if it is not used."""

    @property
    def options(self) -> set[str]:
        """Names of the server settings in `options`. They override those of the application."""
        words = self.startup_parameters.get("options", "").split()
        names = [match[1] for word in words if (match := _OPTION.match(word))]
        return {name.replace("-", "_") for name in names}


@dataclass(frozen=True)
class SQLiteAddress:
    """File of an SQLite database."""

    path: str


def parse_database_url(url: str) -> PostgreSQLAddress | SQLiteAddress:
    """Return the address in a URL. Raises ValueError with a message that follows "DATABASE_URL"."""
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
        raise ValueError("must have the form `sqlite:///FILE`, without parameters after `?`")
    file = Path(path.removeprefix("/"))
    if not path_is(Path.is_dir, file.parent) or path_is(Path.is_dir, file):
        raise ValueError("must name a file in a directory that exists")
    if sqlite3.sqlite_version_info < MIN_SQLITE_VERSION:
        needed = ".".join(map(str, MIN_SQLITE_VERSION))
        raise ValueError(f"requires SQLite {needed} or newer; this is {sqlite3.sqlite_version}")
    return SQLiteAddress(str(file))


def _parse_postgresql(rest: str) -> PostgreSQLAddress:
    parts = _split(rest)
    parameters = read_parameters(parts.query)
    _check_places(parts, parameters)
    check_certificates(parameters)
    verification = choose_verification(parameters)
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
    """Return the parts of a URL without its scheme. Raises ValueError."""
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
    """Raise ValueError unless each host and port is valid and each port belongs to a host."""
    matches = [_HOST.fullmatch(host) for host in hosts.split(",")]
    found = [match and match["port"] for match in matches] + (ports.split(",") if ports else [])
    if (
        not all(match and _is_host(match["name"]) for match in matches)
        or not all(port is None or _is_port(port) for port in found)
        or (ports and ports.count(",") not in (0, hosts.count(",")))
    ):
        raise ValueError(UNREADABLE)


def _is_host(name: str) -> bool:
    try:
        # A path is the directory of a socket. `encode` raises UnicodeError for an invalid name.
        return bool(name) and (unquote(name).startswith("/") or bool(name.encode("idna")))
    except UnicodeError:
        return False


def _is_port(port: str) -> bool:
    return port.isdecimal() and 1 <= int(port) <= MAX_PORT


def _check_places(parts: SplitResult, parameters: dict[str, str]) -> None:
    """Raise ValueError if the URL contains a part of the address twice."""
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
            raise ValueError(f"has `{name}` both before and after `?`; remove one of them")
    if not hosts:
        _check_hosts(parameters.get("host", "localhost"), parameters.get("port", ""))
