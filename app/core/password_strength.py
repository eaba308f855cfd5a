"""Strength of passwords, checked in bounded time.

The only module that imports zxcvbn. Import it where a password is set, because it takes 13 MB.
"""

import threading
from itertools import product

from zxcvbn import matching, zxcvbn

MAX_SCORED_LENGTH = 72
"""Code points that are scored, because the time grows with the square of their number."""
MIN_SCORE = 3
EASILY_GUESSED = "This password is too easy to guess."

_scoring = threading.Lock()
"""Held while zxcvbn runs, because it keeps the user's data in a global dictionary."""


def find_weakness(password: str, personal: list[str]) -> str | None:
    """Return the reason why the password is easy to guess, or None if it is not.

    `personal` lists what an attacker knows about the user, such as the e-mail address.
    """
    known = [text[:MAX_SCORED_LENGTH] for text in personal]
    with _scoring:
        result = zxcvbn(password[:MAX_SCORED_LENGTH], known)
    if result["score"] >= MIN_SCORE:
        return None
    feedback = result["feedback"]
    return " ".join([feedback["warning"] or EASILY_GUESSED, *feedback["suggestions"]])


def _read_l33t(symbols: dict[str, list[str]]) -> list[dict[str, str]]:
    """Return the ways to read symbols as letters, given the symbols of each letter.

    There are at most twelve: only `1`, `|` and `7` can be read as two letters, and `1` also as
    itself, as in `qwerty1`. Each way reads all symbols. zxcvbn's own ways read one symbol for each
    letter: there can be 736 of them, and they take seconds.
    """
    readings: dict[str, list[str]] = {}
    for letter, alternatives in symbols.items():
        for symbol in alternatives:
            readings.setdefault(symbol, ["1"] if symbol == "1" else []).append(letter)
    return [dict(zip(readings, letters, strict=True)) for letters in product(*readings.values())]


# zxcvbn has no option for this.
matching.enumerate_l33t_subs = _read_l33t
