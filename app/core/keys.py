"""Keys for each purpose, derived from the application's secrets."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class KeyRing:
    """The current secret and those it replaced, so that a rotation ends nobody's session."""

    def __init__(self, secrets: list[str]) -> None:
        self._secrets = [secret.encode() for secret in secrets]

    def derive(self, purpose: str) -> list[bytes]:
        """One 32-byte key a secret (HKDF-SHA-256, RFC 5869), the current one first."""
        return [
            HKDF(SHA256(), KEY_BYTES, salt=None, info=f"plumbline/{purpose}".encode()).derive(
                secret
            )
            for secret in self._secrets
        ]
