"""Forms of the name of a resource."""

import re
from dataclasses import dataclass

_AN = re.compile(r"(?i)(?!eu|one|u[^aeiou][aeiou])[aeiou]|hour|honou?r")
"""Beginning of a word that `an` precedes."""


@dataclass(frozen=True)
class Resource:
    """Name of a resource in snake case."""

    singular: str
    plural: str


def plural_of(singular: str) -> str:
    """Return the regular English plural."""
    if re.search(r"[^aeiou]y$", singular):
        return f"{singular[:-1]}ies"
    return f"{singular}es" if re.search(r"(s|x|z|ch|sh)$", singular) else f"{singular}s"


def article_of(word: str) -> str:
    """Return the indefinite article of a word."""
    return "an" if _AN.match(word) else "a"


def pascal(name: str) -> str:
    """Return a name in Pascal case."""
    return "".join(word.capitalize() for word in name.split("_"))
