"""Errors about idempotency keys."""

from app.core.errors import Conflict, InvalidInput

IDEMPOTENCY_KEY = "Idempotency-Key"


class IdempotencyKeyReused(InvalidInput):
    """Error 422: the key was used for another request."""

    code = "idempotency_key_reused"
    detail = "This key was used for another request. Use a new one."

    def __init__(self) -> None:
        super().__init__(self.detail, parameter=IDEMPOTENCY_KEY)


class IdempotencyKeyInUse(Conflict):
    """Error 409: the first request with the key is still being processed."""

    code = "idempotency_key_in_use"
    detail = "A request with this key is still being processed. Repeat yours later."
