"""Strength of passwords, checked in bounded time.

The only module that imports zxcvbn. Import this module only to set a password: it takes 13 MB.
"""

import re
import threading

from zxcvbn import matching, zxcvbn

MAX_READ_LENGTH = 128
"""Number of code points that are searched for repetitions. NFKC can make a password longer."""
MAX_SCORED_LENGTH = 48
"""Number of code points that are scored. The time to score grows with its third power."""
REPETITION = re.compile(r"(.+?)\1{2,}", re.DOTALL)
MIN_SCORE = 3
AMBIGUOUS = "1|7"
"""Symbols that can replace one of two letters. `1` can also be the digit, as in `qwerty1`."""
MEANINGS_OF_AMBIGUOUS = ("iit", "ilt", "lit", "llt", "1it", "1lt", "iil", "lll")
EASILY_GUESSED = "This password is too easy to guess."

_scoring = threading.Lock()
"""Lock for calls of zxcvbn, because it keeps the user's data in a global dictionary."""


def find_weakness(password: str, personal: list[str]) -> str | None:
    """Return the reason why the password is easy to guess, or None.

    `personal` lists values that an attacker knows, such as the user's e-mail address.
    """
    known = [_shorten(text) for text in personal]
    with _scoring:
        result = zxcvbn(_shorten(password), known)
    if result["score"] >= MIN_SCORE:
        return None
    feedback = result["feedback"]
    return " ".join([feedback["warning"] or EASILY_GUESSED, *feedback["suggestions"]])


def _shorten(text: str) -> str:
    """Return the part of a text that is scored.

    Of a repeated text, two repetitions are kept. An incomplete repetition at the end is removed,
    because zxcvbn would not recognize it, and would score the text as hard to guess.
    """
    if len(text) <= MAX_SCORED_LENGTH:
        return text
    text = REPETITION.sub(r"\1\1", text[:MAX_READ_LENGTH])[:MAX_SCORED_LENGTH]
    period = next(size for size in range(1, len(text) + 1) if text.startswith(text[size:]))
    return text[: len(text) // period * period]


def _read_l33t(symbols: dict[str, list[str]]) -> list[dict[str, str]]:
    """Return at most eight ways to read symbols as letters, given the symbols of each letter.

    Each way replaces all symbols. zxcvbn's own function replaces one symbol for each letter. It
    returns up to 736 ways, and to try them takes seconds.
    """
    letters = {
        symbol: letter for letter, alternatives in symbols.items() for symbol in alternatives
    }
    readings: list[dict[str, str]] = []
    for meanings in MEANINGS_OF_AMBIGUOUS:
        ambiguous = dict(zip(AMBIGUOUS, meanings, strict=True))
        reading = {symbol: ambiguous.get(symbol, letter) for symbol, letter in letters.items()}
        if reading not in readings:
            readings.append(reading)
    return readings


# Replace the function, because zxcvbn has no option for it.
matching.enumerate_l33t_subs = _read_l33t
