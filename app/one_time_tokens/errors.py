"""Errors about one-time tokens."""

from app.core.errors import InvalidInput


class InvalidToken(InvalidInput):
    """Error 422: a one-time token is used, replaced, expired or unknown, which is not revealed."""

    code = "invalid_token"
    detail = "The token is not valid or no longer valid. Request a new one."

    def __init__(self) -> None:
        super().__init__(self.detail, pointer="/token")
