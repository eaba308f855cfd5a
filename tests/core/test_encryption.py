"""Encryption of stored data."""

import pytest
from cryptography.fernet import InvalidToken

from app.core.encryption import Cipher
from app.core.keys import KeyRing

OLD, NEW = "old-secret" * 4, "new-secret" * 4
PLAIN = b"ada@example.com"


def cipher(*secrets: str, purpose: str = "outbox") -> Cipher:
    return Cipher(KeyRing([*secrets]), purpose=purpose)


def test_encrypted_data_hides_the_plain_text_and_decrypts_to_it() -> None:
    encrypted = cipher(OLD).encrypt(PLAIN)

    assert PLAIN not in encrypted
    assert cipher(OLD).decrypt(encrypted) == PLAIN


def test_an_old_secret_decrypts_only_while_it_is_a_fallback() -> None:
    encrypted = cipher(OLD).encrypt(PLAIN)

    assert cipher(NEW, OLD).decrypt(encrypted) == PLAIN
    with pytest.raises(InvalidToken):
        cipher(NEW).decrypt(encrypted)


def test_the_current_secret_is_used_for_encryption() -> None:
    encrypted = cipher(NEW, OLD).encrypt(PLAIN)

    assert cipher(NEW).decrypt(encrypted) == PLAIN


def test_data_encrypted_for_one_purpose_is_not_readable_for_another() -> None:
    encrypted = cipher(OLD).encrypt(PLAIN)

    with pytest.raises(InvalidToken):
        cipher(OLD, purpose="other").decrypt(encrypted)
