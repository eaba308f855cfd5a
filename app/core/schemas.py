"""Base classes of schemas, and types and patterns of texts."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

SINGLE_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""Pattern of a text of one line. With a pattern, Pydantic also rejects lone surrogates, which
databases cannot store.
"""
MULTI_LINE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
"""Pattern of a text of several lines."""
NOT_BLANK = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
"""Pattern of one line with at least one character that is not a space."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, pattern=NOT_BLANK)]
"""Text of one line, without the spaces around it. Bound it with `Field(max_length=...)`, which
does not count these spaces, although JSON Schema cannot say so.
"""
Text = Annotated[str, StringConstraints(pattern=MULTI_LINE)]
"""Text of several lines, with all its spaces. Bound it with `Field(max_length=...)`."""


def _without_fraction(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE_NUMBER = BeforeValidator(_without_fraction)
"""Annotation of a `StrictInt` that also accepts 1.0, which is an integer in JSON Schema.

Write it after the bounds, because the OpenAPI document does not contain bounds that follow it.
"""


class Input(BaseModel):
    """Base class of request bodies and queries. Unknown fields are rejected."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """Base class of responses, which are created from rows and entities."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_serialization_defaults_required=True
    )
