"""Schemas of verification."""

from app.core.schemas import Input
from app.one_time_tokens.schemas import Token


class EmailVerification(Input):
    """Token from the mail that follows a registration."""

    token: Token
