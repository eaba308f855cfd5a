"""Sessions, and the refresh tokens that extend them, without HTTP."""

from app.runtime.feature import Feature
from app.sessions.jobs import purge_sessions
from app.sessions.models import LoginSession, RefreshToken

feature = Feature(
    name="sessions",
    tables=(LoginSession, RefreshToken),
    purges={"sessions": purge_sessions},
)
