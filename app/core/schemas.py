"""Base classes of schemas, bounded types, and pages."""

from pydantic import BaseModel, ConfigDict

NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""Pattern of one line. A pattern also makes Pydantic reject lone surrogates, which databases do
not store.
"""
NO_CONTROL_CHARACTERS_BUT_SPACE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
"""Pattern of a text of several lines."""
NOT_BLANK = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
"""Pattern of one line with at least one character that is not a space. Strip the value after the
match, with `AfterValidator(str.strip)`, so that the pattern describes all accepted values.
"""


class Input(BaseModel):
    """Base class of request bodies and queries. Unknown fields are rejected."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """Base class of responses, read from rows and entities."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_serialization_defaults_required=True
    )
