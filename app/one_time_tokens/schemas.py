"""Schemas of one-time tokens."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.core.schemas import SINGLE_LINE
from app.core.tokens import MAX_TOKEN_LENGTH

Token = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_TOKEN_LENGTH, pattern=SINGLE_LINE),
    Field(examples=["the token as you received it"]),
]
"""Token of any kind, as a client sends it."""
