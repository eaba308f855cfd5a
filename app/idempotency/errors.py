"""What is refused about `Idempotency-Key`."""

from app.core.errors import Conflict, InvalidInput

IDEMPOTENCY_KEY = "Idempotency-Key"


class IdempotencyKeyReused(InvalidInput):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    detail = "This key was used for another request; take a new one."

    def __init__(self) -> None:
        super().__init__(self.detail, parameter=IDEMPOTENCY_KEY)


class IdempotencyKeyInUse(Conflict):
    """The first request with the key has taken too long."""

    code = "idempotency_key_in_use"
    detail = "A request with this key is still being worked on; repeat yours later."
