"""Errors about one-time tokens."""

from app.core.errors import InvalidInput


class InvalidToken(InvalidInput):
    """A mailed token that is used, superseded, expired or unknown: one answer for all."""

    code = "invalid_token"
    detail = "The token is not valid, or not any more."

    def __init__(self) -> None:
        super().__init__(self.detail, pointer="/token")
