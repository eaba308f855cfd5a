"""Encryption of what is stored."""

import pytest
from cryptography.fernet import InvalidToken

from app.core.encryption import Cipher
from app.core.keys import KeyRing

OLD, NEW = "old-secret" * 4, "new-secret" * 4
PLAIN = b"ada@example.com"


def cipher(*secrets: str, purpose: str = "outbox") -> Cipher:
    return Cipher(KeyRing([*secrets]), purpose=purpose)


def test_what_is_encrypted_is_not_to_be_seen_and_comes_back() -> None:
    encrypted = cipher(OLD).encrypt(PLAIN)

    assert PLAIN not in encrypted
    assert cipher(OLD).decrypt(encrypted) == PLAIN


def test_a_rotated_secret_decrypts_while_it_is_a_fallback() -> None:
    encrypted = cipher(OLD).encrypt(PLAIN)

    assert cipher(NEW, OLD).decrypt(encrypted) == PLAIN
    with pytest.raises(InvalidToken):
        cipher(NEW).decrypt(encrypted)


def test_the_current_secret_encrypts() -> None:
    encrypted = cipher(NEW, OLD).encrypt(PLAIN)

    assert cipher(NEW).decrypt(encrypted) == PLAIN


def test_each_purpose_has_a_key_of_its_own() -> None:
    encrypted = cipher(OLD).encrypt(PLAIN)

    with pytest.raises(InvalidToken):
        cipher(OLD, purpose="other").decrypt(encrypted)
