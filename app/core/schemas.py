"""What all schemas share: strictness, bounded types, pages."""

from pydantic import BaseModel, ConfigDict

API = "/api/v1"
"""Where the paths of this version begin."""

NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""A pattern also makes Pydantic refuse lone surrogates, which no database stores."""
NO_CONTROL_CHARACTERS_BUT_SPACE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
"""For texts of several lines."""
NOT_BLANK = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
"""One line with at least one character that is no space. Strip it after the match, with
`AfterValidator(str.strip)`, so that the pattern is all there is to it.
"""


class Input(BaseModel):
    """What clients send: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """What clients are sent, read from rows and entities."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_serialization_defaults_required=True
    )
