"""The instance that `fastapi dev` and other servers import.

In production use `python -m app serve`: the others believe `X-Forwarded-For` of 127.0.0.1 by
themselves, where TRUSTED_PROXIES should decide.
"""

from app.core.config import Settings
from app.main import create_app

app = create_app(Settings())
