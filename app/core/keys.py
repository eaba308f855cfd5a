"""Cryptographic keys. Each key is derived from a secret for one purpose."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core.names import NAME

KEY_BYTES = 32


class KeyRing:
    """Current and former secrets. Former ones stay valid, so that a rotation ends no session."""

    def __init__(self, secrets: list[str]) -> None:
        self._secrets = [secret.encode() for secret in secrets]

    def derive(self, purpose: str) -> list[bytes]:
        """Return a 32-byte key from each secret (HKDF-SHA-256, RFC 5869), the current one first."""
        return [
            HKDF(SHA256(), KEY_BYTES, salt=None, info=f"{NAME}/{purpose}".encode()).derive(secret)
            for secret in self._secrets
        ]
