"""Failed log-ins are counted, so that passwords cannot be tried one after another."""

import hashlib
import hmac

from app.core.logging import get_logger
from app.http.rate_limit import SharedLimiter

BY_IP = "limit_login_failures_per_ip"
BY_ACCOUNT = "limit_login_failures_per_account"

_logger = get_logger(__name__)


class LoginThrottle:
    """Counts failures of an account: tightly from one IP, loosely from anywhere.

    Addresses that nobody has are counted like all others, or the count would tell them apart.
    Only the tight budget blocks: when the loose one is spent, failures are answered 429, but the
    right password from an IP that is not blocked still logs in. Else anyone could lock users out.
    """

    def __init__(self, limiter: SharedLimiter, *, account_key: bytes) -> None:
        self._limiter = limiter
        self._account_key = account_key

    async def refuse_if_blocked(self, email: str, ip: str) -> None:
        """Raises RateLimited."""
        (await self._limiter.peek(BY_IP, self._name(email), ip)).refuse_if_exceeded()

    async def count_failure(self, email: str, ip: str) -> None:
        """Draw on both budgets. Raises RateLimited when the account's is spent."""
        account = self._name(email)
        _logger.warning("login.refused", account=account, ip=ip)
        await self._limiter.draw(BY_IP, account, ip)
        (await self._limiter.draw(BY_ACCOUNT, account)).refuse_if_exceeded()

    def _name(self, email: str) -> str:
        """A name for the account that tells the store's readers nothing."""
        return hmac.digest(self._account_key, email.encode(), hashlib.sha256).hex()
