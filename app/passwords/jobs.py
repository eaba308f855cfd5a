"""Handler for requests to reset a password."""

from app.passwords.dependencies import get_password_service
from app.passwords.service import ResetRequest
from app.runtime.outbox_handlers import TransactionHandler
from app.runtime.unit_of_work import UnitOfWork


async def send_reset(unit: UnitOfWork, request: ResetRequest) -> None:
    """Mail a token, if the address belongs to an active user."""
    await (await get_password_service(unit)).send_reset(request.email)


RESET_REQUEST_HANDLER = TransactionHandler(
    kind="reset_request", message=ResetRequest, handle=send_reset
)
