"""Base classes of schemas, and patterns of texts."""

from pydantic import BaseModel, ConfigDict

SINGLE_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""Pattern of a text of one line. With a pattern, Pydantic also rejects lone surrogates, which
databases cannot store.
"""
MULTI_LINE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
"""Pattern of a text of several lines."""
NOT_BLANK = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
"""Pattern of one line with at least one character that is not a space. Strip the text after the
match, with `AfterValidator(str.strip)`, so that each accepted text matches the pattern.
"""


class Input(BaseModel):
    """Base class of request bodies and queries. Unknown fields are rejected."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """Base class of responses, which are created from rows and entities."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_serialization_defaults_required=True
    )
