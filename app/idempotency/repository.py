"""Queries on idempotency keys."""

from datetime import datetime

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import col, delete

from app.core.database_errors import is_lock_timeout, violated_constraint
from app.core.errors import Unauthenticated
from app.core.repositories import Repository
from app.idempotency.errors import IdempotencyKeyInUse
from app.idempotency.models import IdempotencyKey


class IdempotencyKeyRepository(Repository):
    """Queries on the idempotency keys of a user."""

    async def add(self, new: IdempotencyKey, *, now: datetime) -> IdempotencyKey:
        """Store the key, or return the one that the user has stored.

        If another transaction is storing the key, wait until it has ended. Raises
        IdempotencyKeyInUse when that takes too long.
        """
        expired = delete(IdempotencyKey).where(
            col(IdempotencyKey.user_id) == new.user_id,
            col(IdempotencyKey.key) == new.key,
            col(IdempotencyKey.expires_at) <= now,
        )
        try:
            await self._session.exec(expired)
            # In a savepoint, because the transaction continues after a conflict.
            async with self._session.begin_nested():
                self._session.add(new)
        except IntegrityError as error:
            return await self._get_conflicting(new, error)
        except DBAPIError as error:
            if is_lock_timeout(error):
                raise IdempotencyKeyInUse from error
            raise
        return new

    async def purge(self, *, now: datetime) -> int:
        """Delete the keys that have expired. Return their number."""
        statement = delete(IdempotencyKey).where(col(IdempotencyKey.expires_at) <= now)
        return (await self._session.exec(statement)).rowcount

    async def _get_conflicting(self, new: IdempotencyKey, error: IntegrityError) -> IdempotencyKey:
        match violated_constraint(error):
            case "pk_idempotency_keys":
                stored = await self._session.get(IdempotencyKey, (new.user_id, new.key))
                if stored is None:
                    raise IdempotencyKeyInUse from error  # purged in the meantime
                return stored
            case "fk_idempotency_keys_user_id_users":
                raise Unauthenticated from error  # the user was deleted in the meantime
            case _:
                raise error
