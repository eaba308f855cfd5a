"""Parameters after the `?` of `DATABASE_URL`, named as in PostgreSQL's client library, libpq."""

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
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
"""Other names of parameters, from SQLAlchemy and asyncpg."""

MAX_CONNECT_SECONDS = 60
SYSTEM = "system"
"""Value of `sslrootcert` that selects the operating system's certificate authorities."""

_NAME = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True)
class SystemVerification:
    """Verification of the server's name and certificate with the operating system's authorities."""

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


def read_parameters(query: str) -> dict[str, str]:
    """Return the parameters of a URL's query. Raises ValueError."""
    parameters: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        name = ALIASES.get(key, key)
        if name not in PARAMETERS:
            _reject(name)
        if name in parameters:
            raise ValueError(f"has `{name}` twice")
        if value:  # libpq reads an empty value as the default
            _check_value(name, value)
            parameters[name] = value
    return parameters


def _reject(name: str) -> None:
    supported = f"use only {', '.join(sorted(PARAMETERS))}"
    if not _NAME.fullmatch(name):
        raise ValueError(f"has an unsupported parameter after `?`; {supported}")
    if name in ("pgbouncer", "prepared_statement_cache_size", "statement_cache_size"):
        raise ValueError(f"has `{name}`: set DATABASE_POOLER=true instead")
    raise ValueError(f"has an unsupported parameter `{name}`; {supported}")


def _check_value(name: str, value: str) -> None:
    """Raise ValueError if the driver would not understand the value."""
    if name in ("channel_binding", "gssencmode") and value == "require":
        raise ValueError(f"has `{name}=require`, which the driver lacks: use `{name}=prefer`")
    if name in CHOICES and value not in CHOICES[name]:
        raise ValueError(f"has an invalid value of `{name}`; use {', '.join(CHOICES[name])}")
    by_system = name == "sslrootcert" and value == SYSTEM
    if name in FILES and not by_system and not path_is(Path.is_file, Path(value)):
        raise ValueError(f"names a file in `{name}` that does not exist or cannot be read")
    if name == "connect_timeout" and value not in map(str, range(1, MAX_CONNECT_SECONDS + 1)):
        raise ValueError(f"has a `connect_timeout` outside of 1 to {MAX_CONNECT_SECONDS} seconds")


def check_certificates(parameters: dict[str, str]) -> None:
    """Raise ValueError for a file without a certificate. The driver would detect it too late."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if parameters.get("sslrootcert", SYSTEM) != SYSTEM:
            context.load_verify_locations(parameters["sslrootcert"])
        if "sslcert" in parameters:
            context.load_cert_chain(parameters["sslcert"], parameters.get("sslkey"), password="")
    except OSError as error:
        raise ValueError(
            "names a file without a certificate or key in `sslrootcert`, `sslcert` or `sslkey`"
        ) from error


def choose_verification(parameters: dict[str, str]) -> SystemVerification | None:
    """Return the verification with the system's authorities, and remove its parameters.

    Return None if the driver verifies the server with a file, or does not verify the server.
    """
    by_system = parameters.get("sslrootcert") == SYSTEM
    mode = parameters.get("sslmode", "verify-full" if by_system else "prefer")
    if not by_system and (
        not mode.startswith("verify") or "sslrootcert" in parameters or _has_root_certificate()
    ):
        return None
    if mode != "verify-full":
        # Otherwise any server with a valid certificate, for any name, would be accepted.
        raise ValueError(
            "requires `sslmode=verify-full` with the system's certificate authorities, "
            "or the authority's file in `sslrootcert`"
        )
    parameters.pop("sslrootcert", None)
    parameters.pop("sslmode", None)
    return SystemVerification(parameters.pop("sslcert", None), parameters.pop("sslkey", None))


def _has_root_certificate() -> bool:
    """Return True if the user has the file of authorities that the driver uses by default."""
    try:
        return path_is(Path.is_file, Path.home() / ".postgresql" / "root.crt")
    except RuntimeError:  # the user of a container may have no home directory
        return False


def path_is(test: Callable[[Path], bool], path: Path) -> bool:
    """Return the result of the test, or False if the path cannot be accessed."""
    try:
        return test(path)
    except (OSError, ValueError):
        return False
