"""Change and reset of passwords."""

from app.passwords.jobs import RESET_REQUEST_HANDLER
from app.passwords.router import router
from app.runtime.feature import Feature

feature = Feature(name="passwords", router=router, outbox_handlers=(RESET_REQUEST_HANDLER,))
