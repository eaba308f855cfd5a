"""Encryption of values that must not be readable in the database.

The only module that imports Fernet.
"""

import base64

from cryptography.fernet import Fernet, MultiFernet

from app.core.keys import KeyRing


class Cipher:
    """Cipher that encrypts with the current secret, and decrypts with former secrets too."""

    def __init__(self, keys: KeyRing, *, purpose: str) -> None:
        fernets = [Fernet(base64.urlsafe_b64encode(key)) for key in keys.derive(purpose)]
        self._fernet = MultiFernet(fernets)

    def encrypt(self, plain: bytes) -> bytes:
        """Return the bytes encrypted with the current secret."""
        return self._fernet.encrypt(plain)

    def decrypt(self, encrypted: bytes) -> bytes:
        """Return the plain bytes. Raises Fernet's InvalidToken if no secret decrypts them."""
        return self._fernet.decrypt(encrypted)
