"""Rules for new passwords."""

from app.core.passwords import HashSlot
from app.users.errors import WeakPassword


async def hash_new(
    password: str,
    email: str,
    full_name: str | None,
    *,
    slot: HashSlot,
    pointer: str = "/new_password",
) -> str:
    """The hash of a password to be set. Raises WeakPassword, which says why."""
    weakness = await slot.weakness(password, [email, full_name or ""])
    if weakness is not None:
        raise WeakPassword(weakness, pointer=pointer)
    return await slot.hash(password)
