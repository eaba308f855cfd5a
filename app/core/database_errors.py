"""Classification of the drivers' errors: an invalid statement or an unavailable database."""

import re

from sqlalchemy.exc import DBAPIError, IntegrityError, NotSupportedError

# Beginnings of SQLSTATEs (PostgreSQL, appendix A) of errors that the request did not cause.
BUSY = ("40", "53", "55", "57014")
"""SQLSTATEs after which the connection can still be used: deadlock, too few resources, lock
timeout, statement timeout.
"""
UNPOOLED = ("26", "42P05")
"""SQLSTATEs for a prepared statement that is missing or exists already. The cause is a pooler,
whose clients share connections.
"""
LOST = ("08", "25006", "25P03", *UNPOOLED, "28", "3D", "57P", "58", "XX")
"""SQLSTATEs after which a new connection may succeed: connection, read-only server, idle timeout,
pooler, credentials, database dropped, shutdown, I/O, internal error.
"""
OTHER_SCHEMA = ("3F", "42501", "42703", "42P01")
"""SQLSTATEs for a schema, privilege, column or table that is missing, as without a migration."""
DATA_EXCEPTIONS = "22"
LOCK_NOT_AVAILABLE = "55P03"

# Result codes of SQLite that a statement or its values cause.
SQLITE_STATEMENT_ERRORS = ("CONSTRAINT", "ERROR", "MISMATCH", "MISUSE", "RANGE", "TOOBIG")


def is_unavailable(error: DBAPIError) -> bool:
    """Return True if the database, and not the statement, caused the error."""
    return is_connection_lost(error) or (
        _sqlstate(error).startswith((*BUSY, *OTHER_SCHEMA))
        or _sqlite_code(error) in ("BUSY", "LOCKED")
        or "no such table" in str(error.orig)
        or "no such column" in str(error.orig)
    )


def is_connection_lost(error: DBAPIError) -> bool:
    """Return True if the connection should not be used again."""
    if error.connection_invalidated or _sqlstate(error).startswith(LOST):
        return True
    if isinstance(error, NotSupportedError):  # a migration has invalidated the cached plan
        return True
    code = _sqlite_code(error)
    return bool(code) and code not in (*SQLITE_STATEMENT_ERRORS, "BUSY", "LOCKED")


def reason_of(error: DBAPIError) -> str:
    """Return the driver's message in one line, for operators."""
    cause: BaseException = error.orig or error
    if hasattr(cause, "sqlstate"):
        cause = cause.__cause__ or cause  # SQLAlchemy wraps the driver's errors
    text = str(cause).partition("\n")[0].rstrip(".")
    if "unsupported startup parameter" in text or _sqlstate(error).startswith(UNPOOLED):
        text += "; this is a pooler: set DATABASE_POOLER=true"
    return f"{type(cause).__name__}: {text}" if text else type(cause).__name__


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _sqlite_code(error: DBAPIError) -> str:
    """Return the primary result code of SQLite without its prefix, such as `BUSY`."""
    name = getattr(error.orig, "sqlite_errorname", None) or ""
    return str(name).removeprefix("SQLITE_").partition("_")[0]


def is_data_exception(error: DBAPIError) -> bool:
    """Return True if the database cannot store a value of the statement."""
    return _sqlstate(error).startswith(DATA_EXCEPTIONS)


def is_lock_timeout(error: DBAPIError) -> bool:
    """Return True if a statement failed because another transaction held a lock for too long."""
    return _sqlstate(error) == LOCK_NOT_AVAILABLE


def violated_constraint(error: IntegrityError) -> str | None:
    """Return the name of the constraint that a statement violated, or None if it is unknown.

    SQLite reports the columns instead. The naming convention gives the name of their constraint.
    """
    if name := getattr(getattr(error.orig, "__cause__", None), "constraint_name", None):
        return str(name)
    if match := re.search(r"UNIQUE constraint failed: (.+)", str(error.orig)):
        table = match[1].partition(".")[0]
        if getattr(error.orig, "sqlite_errorname", None) == "SQLITE_CONSTRAINT_PRIMARYKEY":
            return f"pk_{table}"
        columns = [column.partition(".")[2] for column in match[1].split(", ")]
        return "_".join(["uq", table, *columns])
    return None
