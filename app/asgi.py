"""The instance that servers import: `uvicorn app.asgi:app`, `fastapi run`."""

from app.core.config import Settings
from app.main import create_app

app = create_app(Settings())
