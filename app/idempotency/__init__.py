"""Requests that clients can repeat without repeating their effect."""

from app.idempotency.jobs import purge_idempotency_keys
from app.idempotency.models import IdempotencyKey
from app.runtime.feature import Feature

feature = Feature(
    name="idempotency",
    tables=(IdempotencyKey,),
    purges={"idempotency keys": purge_idempotency_keys},
)
