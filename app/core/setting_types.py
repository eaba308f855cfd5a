"""Types of settings.

Each type accepts every form of a value whose meaning is clear. It rejects a value that no request
could match, and a value that would fail only when it is used.
"""

import ipaddress
import re
from email.headerregistry import Address
from typing import Annotated
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, AnyHttpUrl, StringConstraints

MAX_MAILBOX_LENGTH = 320
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
GRPC_PORT = 4317
DEFAULT_PORTS = {"http": 80, "https": 443}

_HEADER_NAME = re.compile(r"[!#$%&'+.^_`|~0-9A-Za-z-]+")
_ROOT_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*")
_POLICY = re.compile(r"[1-9][0-9]{0,5}/([1-9][0-9]{0,2} ?)?(second|minute|hour|day)")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_MAILBOX = re.compile(r'"?(?P<name>[^"<>]*?)"?\s*<(?P<address>[^<>]+)>|(?P<bare>[^<>"\s]+)')


def read_host(value: str) -> str:
    """Return a host name or address in lower case and ASCII.

    Raises ValueError for a URL, a port or a path.
    """
    host = value.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        pass
    else:
        return str(address)
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdecimal():
        raise ValueError("must be a host such as `api.example.com`, without scheme, port or path")
    return host


def _read_host_pattern(value: str) -> str:
    if value == "*":
        return value
    if value.startswith("*."):
        host = read_host(value.removeprefix("*."))
        if ":" in host or host.rpartition(".")[2].isdecimal():
            raise ValueError("must have a name after `*.`, because an IP address has no subdomains")
        return f"*.{host}"
    return _in_brackets(read_host(value))


def _in_brackets(host: str) -> str:
    """Return a host as a URL contains it: IPv6 addresses in brackets (RFC 3986 §3.2.2)."""
    return f"[{host}]" if ":" in host else host


def _read_origin(value: str) -> str:
    """Return an origin as browsers send it (RFC 6454 §6.2). Raises ValueError."""
    if value == "*":
        return value  # `_check_wildcards` rejects it with a message of its own
    try:
        parts = urlsplit(value)
        host, port = _in_brackets(read_host(parts.hostname or "")), parts.port
    except ValueError:
        host, port = "", None
    if not host or not parts.scheme or port == 0 or parts.path.strip("/") or "@" in parts.netloc:
        raise ValueError("must be an origin such as `https://app.example.com`, without a path")
    if parts.query or parts.fragment:
        raise ValueError("must be an origin such as `https://app.example.com`, without a query")
    suffix = "" if port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    return f"{parts.scheme}://{host}{suffix}"


def _read_mailbox(value: str) -> str:
    """Return a mailbox in the form of RFC 5322 §3.4. Raises ValueError."""
    match = _MAILBOX.fullmatch(value)
    name, address = (match["name"] or "", match["address"] or match["bare"]) if match else ("", "")
    try:
        # Mail servers in a private network may have names without a dot.
        valid = validate_email(
            address,
            check_deliverability=False,
            allow_smtputf8=False,
            globally_deliverable=False,
        )
        mailbox = Address(name, addr_spec=valid.ascii_email or "")
    except (EmailNotValidError, ValueError) as error:
        raise ValueError("must be one address: `no-reply@example.com` or `Name <…>`") from error
    return str(mailbox)


def _check_policy(value: str) -> str:
    if not _POLICY.fullmatch(value):
        raise ValueError("must be a limit such as `10/minute` or `10/15minute`")
    return value


def _check_log_level(value: str) -> str:
    level = {"WARN": "WARNING"}.get(value.upper(), value.upper())
    if level not in LOG_LEVELS:
        raise ValueError(f"must be {', '.join(LOG_LEVELS[:-1])} or {LOG_LEVELS[-1]}")
    return level


def _check_header_name(value: str) -> str:
    """Return a header name (RFC 9110 §5.1). Raises ValueError, also for the wildcard `*`."""
    if not _HEADER_NAME.fullmatch(value):
        raise ValueError("must be header names, separated by commas; `*` is not accepted")
    return value


def _read_root_path(value: str) -> str:
    """Return a path without a slash at its end.

    Raises ValueError if a segment needs percent-encoding or is `.` or `..` (RFC 3986 §3.3).
    """
    path = value.removesuffix("/")
    if not _ROOT_PATH.fullmatch(path):
        raise ValueError("must be empty or a path that begins with `/`, such as `/prefix`")
    return path


def _check_link_base(value: AnyHttpUrl) -> AnyHttpUrl:
    if value.query or value.fragment or value.username or value.password:
        raise ValueError("must not have a user, query or fragment, because paths follow it")
    return value


def _check_otlp_endpoint(value: AnyHttpUrl) -> AnyHttpUrl:
    if (value.path or "").rstrip("/").endswith(("/v1/traces", "/v1/metrics")):
        raise ValueError("must end before `/v1/traces` and `/v1/metrics`, which are appended")
    if value.query or value.fragment:
        raise ValueError("must not have a query or fragment, because paths follow it")
    if value.port == GRPC_PORT:
        raise ValueError(f"has the port of gRPC, {GRPC_PORT}; use the port of OTLP over HTTP, 4318")
    return value


HeaderName = Annotated[str, AfterValidator(_check_header_name)]
"""Name of a header, such as `X-Request-ID`."""
Host = Annotated[str, AfterValidator(read_host)]
"""Host name or IP address, such as `smtp.example.com`."""
HostPattern = Annotated[str, AfterValidator(_read_host_pattern)]
"""Host, `*.example.com` for all its subdomains, or `*`."""
LinkBase = Annotated[AnyHttpUrl, AfterValidator(_check_link_base)]
"""URL to which paths are appended."""
LogLevel = Annotated[str, AfterValidator(_check_log_level)]
"""Least severe level that is logged."""
Mailbox = Annotated[
    str, StringConstraints(max_length=MAX_MAILBOX_LENGTH), AfterValidator(_read_mailbox)
]
"""Mail address, with or without a display name."""
Origin = Annotated[str, AfterValidator(_read_origin)]
"""Origin of a front end, such as `https://app.example.com`."""
OtlpEndpoint = Annotated[AnyHttpUrl, AfterValidator(_check_otlp_endpoint)]
"""Base URL of an OpenTelemetry collector."""
Policy = Annotated[str, AfterValidator(_check_policy)]
"""Rate limit, such as `10/minute` or `10/15minute`."""
RootPath = Annotated[str, AfterValidator(_read_root_path)]
"""Path with which the paths of requests may begin, such as `/prefix`, or an empty string."""
