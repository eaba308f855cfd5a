"""Encryption of what is stored and must not be readable in the database.

The only place that imports Fernet.
"""

import base64

from cryptography.fernet import Fernet, MultiFernet

from app.core.keys import KeyRing


class Cipher:
    """Encrypts with the current secret, and decrypts what any secret of the ring encrypted."""

    def __init__(self, keys: KeyRing, *, purpose: str) -> None:
        fernets = [Fernet(base64.urlsafe_b64encode(key)) for key in keys.derive(purpose)]
        self._fernet = MultiFernet(fernets)

    def encrypt(self, plain: bytes) -> bytes:
        """The bytes, unreadable without a secret of the ring."""
        return self._fernet.encrypt(plain)

    def decrypt(self, encrypted: bytes) -> bytes:
        """The bytes that were encrypted. Raises Fernet's InvalidToken when no secret fits."""
        return self._fernet.decrypt(encrypted)
