"""The tables. Importing this package registers every one of them in `Base.metadata`."""

from app.models.base import Base
from app.models.one_time_tokens import OneTimeToken
from app.models.sessions import RefreshToken, Session
from app.models.users import User

__all__ = ["Base", "OneTimeToken", "RefreshToken", "Session", "User"]
