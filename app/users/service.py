"""Check of new passwords, for all services that set one."""

from app.core.passwords import HashSlot
from app.users.errors import WeakPassword


async def hash_new_password(
    password: str, *, email: str, full_name: str | None, slot: HashSlot, pointer: str
) -> str:
    """Return the hash of a new password. Raises WeakPassword, with the reason and the pointer."""
    weakness = await slot.weakness(password, [email, full_name or ""])
    if weakness is not None:
        raise WeakPassword(weakness, pointer=pointer)
    return await slot.hash(password)
