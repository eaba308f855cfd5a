"""The instance that `fastapi dev` and other servers import.

In production use `python -m app serve`, because other servers trust `X-Forwarded-For` of 127.0.0.1,
regardless of TRUSTED_PROXIES.
"""

import sys

import typer

from app.features import FEATURES
from app.main import create_app
from app.runtime.terminal import check_migrations, load_settings

try:
    check_migrations()
    app = create_app(load_settings(FEATURES))
except typer.Exit as error:
    sys.exit(error.exit_code)
