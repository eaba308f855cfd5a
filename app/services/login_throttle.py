"""Failed log-ins are counted, so that passwords cannot be tried one after another."""

import hashlib
import hmac

from app.core.rate_limit import SharedLimiter

BY_IP = "limit_login_failures_per_ip"
BY_ACCOUNT = "limit_login_failures_per_account"


class LoginThrottle:
    """Counts failures of an account: tightly from one IP, loosely from anywhere.

    Addresses that nobody has are counted like all others, or the count would tell them apart.
    When the loose budget is spent, an IP that has failed with this account is blocked for it, and
    any other has one try: the owner of the account still gets in, from an IP of their own.
    """

    def __init__(self, limiter: SharedLimiter, *, account_key: bytes) -> None:
        self._limiter = limiter
        self._account_key = account_key

    async def refuse_if_blocked(self, email: str, ip: str) -> None:
        """Raises RateLimited."""
        account = self._name(email)
        from_here = await self._limiter.peek(BY_IP, account, ip)
        from_here.refuse_if_exceeded()
        if from_here.remaining < from_here.limit:
            (await self._limiter.peek(BY_ACCOUNT, account)).refuse_if_exceeded()

    async def count_failure(self, email: str, ip: str) -> None:
        """Draw on both budgets."""
        account = self._name(email)
        await self._limiter.draw(BY_IP, account, ip)
        await self._limiter.draw(BY_ACCOUNT, account)

    def _name(self, email: str) -> str:
        """A name for the account that tells the store's readers nothing."""
        return hmac.digest(self._account_key, email.encode(), hashlib.sha256).hex()
