"""Signed access tokens, and opaque tokens of which only a digest is stored.

The only module that imports python-jose.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from jose import jwk, jwt

from app.core import clock
from app.core.ids import new_id
from app.core.keys import KeyRing

ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105 -- a media type (RFC 9068 §2.1)
ALGORITHM = "HS256"
CLIENT_ID = "first-party"
"""Client id, which RFC 9068 §2.2 requires. The service's own front end is the only client."""
MAX_TOKEN_LENGTH = 2048
REQUIRED_CLAIMS = ("iss", "aud", "sub", "client_id", "sid", "iat", "exp", "jti")

OPAQUE_TOKEN_BYTES = 32
DIGEST_LENGTH = 64


class InvalidAccessToken(Exception):
    """Raised for an access token that is not valid. The reason is not revealed to clients."""


@dataclass(frozen=True)
class Claims:
    """User and session of an access token."""

    user_id: UUID
    session_id: UUID


class AccessTokens:
    """Issuer and verifier of access tokens, which are JWTs in the form of RFC 9068."""

    def __init__(self, keys: KeyRing, *, issuer: str) -> None:
        self._keys = {
            _key_id(key): jwk.construct(key, ALGORITHM) for key in keys.derive("access-token")
        }
        self._current_key_id = next(iter(self._keys))
        self._issuer = issuer
        self._audience = f"{issuer}/api"

    def issue(self, *, user_id: UUID, session_id: UUID) -> str:
        """Return a new token, which is valid for ACCESS_TOKEN_LIFETIME."""
        now = clock.now()
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(user_id),
            "client_id": CLIENT_ID,
            "sid": str(session_id),
            "iat": now,
            "exp": now + ACCESS_TOKEN_LIFETIME,
            "jti": str(new_id()),
        }
        headers = {"typ": ACCESS_TOKEN_TYPE, "kid": self._current_key_id}
        return jwt.encode(claims, self._keys[self._current_key_id], ALGORITHM, headers)

    def read(self, token: str) -> Claims:
        """Return the user and session of a token. Raises InvalidAccessToken."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise InvalidAccessToken
        # For some tokens (nested arrays in a header, surrogates, infinite times) the library raises
        # exceptions of other types than its own. They must not cause a 500.
        try:
            claims = self._decode(token)
            return Claims(user_id=UUID(claims["sub"]), session_id=UUID(claims["sid"]))
        except Exception as error:
            raise InvalidAccessToken from error

    def _decode(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        if header["typ"] != ACCESS_TOKEN_TYPE:
            raise InvalidAccessToken
        claims: dict[str, Any] = jwt.decode(
            token,
            self._keys[header["kid"]],
            algorithms=[ALGORITHM],
            audience=self._audience,
            issuer=self._issuer,
        )
        if any(claim not in claims for claim in REQUIRED_CLAIMS):
            raise InvalidAccessToken
        return claims


def _key_id(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:16]


def new_opaque_token() -> str:
    """Return a token of 256 random bits, safe in a URL."""
    return secrets.token_urlsafe(OPAQUE_TOKEN_BYTES)


def digest(token: str) -> str:
    """Return the SHA-256 digest to store for an opaque token. A random token needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()
