"""Shared parts of the bare server's routes: authentication and JSON."""

from datetime import datetime
from typing import Any

import asyncpg
from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.core import clock
from app.core.tokens import AccessTokens, InvalidAccessToken

USER = """
    SELECT u.id, u.email, u.full_name, u.role, u.is_active, u.email_verified_at, u.created_at
    FROM users u JOIN sessions s ON s.user_id = u.id
    WHERE s.id = $1 AND u.id = $2 AND s.expires_at > $3 AND u.is_active
"""


async def authenticate(
    request: Request, connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
) -> asyncpg.Record:
    """Return the user of the access token."""
    tokens: AccessTokens = request.app.state.tokens
    try:
        claims = tokens.read(request.headers.get("Authorization", "").removeprefix("Bearer "))
    except InvalidAccessToken as error:
        raise HTTPException(401) from error
    user = await connection.fetchrow(USER, claims.session_id, claims.user_id, clock.now())
    if user is None:
        raise HTTPException(401)
    return user


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its values converted to JSON types."""
    return {
        name: time_of(value)
        if isinstance(value, datetime)
        else value
        if value is None or isinstance(value, (str, int, bool, list, dict))
        else str(value)
        for name, value in row.items()
    }


def time_of(value: datetime) -> str:
    """Format a time as Pydantic does."""
    return value.isoformat().replace("+00:00", "Z")
