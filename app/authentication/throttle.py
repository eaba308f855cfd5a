"""Limit of failed log-ins, so that passwords cannot be guessed one after another."""

import hashlib
import hmac
from dataclasses import dataclass

from app.core.logging import get_logger
from app.core.rate_limiter import RateLimiter

PER_IP = "login_failures_per_ip"
PER_ACCOUNT = "login_failures_per_account"

_logger = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class LoginThrottle:
    """Counter of failed log-ins for each account: from one IP address, and from all.

    Unknown addresses are counted like known ones, because the difference would reveal them. Only
    the budget of an IP address blocks. When the account's budget is spent, failures get 429,
    but the right password still logs in. Otherwise any client could lock users out.
    """

    rate_limiter: RateLimiter
    account_key: bytes

    async def raise_if_blocked(self, email: str, ip: str) -> None:
        """Raise RateLimited if the IP address's budget for the account is exceeded."""
        (await self.rate_limiter.peek(PER_IP, self._name(email), ip)).raise_if_exceeded()

    async def count_failure(self, email: str, ip: str) -> None:
        """Count a failure for both budgets. Raises RateLimited if the account's is exceeded."""
        account = self._name(email)
        _logger.warning("login.refused", account=account, ip=ip)
        await self.rate_limiter.draw(PER_IP, account, ip)
        (await self.rate_limiter.draw(PER_ACCOUNT, account)).raise_if_exceeded()

    def _name(self, email: str) -> str:
        """Return a name for the account that hides the address from readers of the store."""
        return hmac.digest(self.account_key, email.encode(), hashlib.sha256).hex()
