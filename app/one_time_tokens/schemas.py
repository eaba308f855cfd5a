"""Types for one-time tokens."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.core.schemas import NO_CONTROL_CHARACTERS
from app.core.tokens import MAX_TOKEN_LENGTH

Token = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_TOKEN_LENGTH, pattern=NO_CONTROL_CHARACTERS),
    Field(examples=["the token as you received it"]),
]
"""Token of any kind, as a client sends it."""
