"""Makes users and log-ins. A test states only what its scenario is about."""

from dataclasses import dataclass
from uuid import UUID
from weakref import WeakKeyDictionary

from httpx import AsyncClient, Response
from sqlmodel import col, delete

from app.authentication.models import RefreshToken, Session
from app.authentication.service import IDLE_LIFETIME
from app.core import clock
from app.core.ids import new_id
from app.core.passwords import PasswordHasher
from app.core.tokens import digest, new_opaque_token
from app.mail.message import Mail
from app.runtime.resources import Resources
from app.users.models import Role, User

API = "/api/v1"
PASSWORD = "correct horse battery staple"
OTHER_PASSWORD = "violet tractor mumbles opera"

_hashes: WeakKeyDictionary[PasswordHasher, str] = WeakKeyDictionary()


@dataclass(frozen=True)
class Login:
    """A session, as its client holds it."""

    user: User
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        """What authorises a request."""
        return {"Authorization": f"Bearer {self.access_token}"}


class Factory:
    """Makes what a test needs."""

    def __init__(self, client: AsyncClient, resources: Resources) -> None:
        self._client = client
        self._resources = resources

    async def user(
        self,
        *,
        email: str | None = None,
        role: Role = Role.USER,
        is_active: bool = True,
        verified: bool = False,
    ) -> User:
        """A stored user, whose password is PASSWORD."""
        user = User(
            email=email or f"{new_id()}@example.com",
            password_hash=await self._hash(),
            role=role,
            is_active=is_active,
            email_verified_at=clock.now() if verified else None,
        )
        async with self._resources.database.transaction() as session:
            session.add(user)
        return user

    async def sessions(self, user: User, count: int) -> None:
        """That many stored sessions of the user."""
        async with self._resources.database.transaction() as session:
            session.add_all([_session(user) for _ in range(count)])

    async def _hash(self) -> str:
        """The hash of PASSWORD, made once for each hasher."""
        hasher = self._resources.passwords
        if hasher not in _hashes:
            async with hasher.slot() as slot:
                _hashes[hasher] = await slot.hash(PASSWORD)
        return _hashes[hasher]

    async def login(self, user: User | None = None, **attributes: Role | bool) -> Login:
        """A session of the user, or of a new one with these attributes; made past the API."""
        user = user or await self.user(**attributes)  # type: ignore[arg-type]  # passed on as given
        refresh_token = new_opaque_token()
        stored = _session(user)
        chain = RefreshToken(
            session=stored, session_id=stored.id, token_digest=digest(refresh_token)
        )
        async with self._resources.database.transaction() as session:
            session.add(chain)
        access_token = self._resources.access_tokens.issue(user_id=user.id, session_id=stored.id)
        return Login(user, access_token, refresh_token)

    async def admin(self) -> Login:
        """A session of an admin."""
        return await self.login(role=Role.ADMIN)

    async def deactivate(self, user: User) -> None:
        """Deactivate the user; their sessions stay, other than over the API."""
        async with self._resources.database.transaction() as session:
            session.add(user)
            user.is_active = False

    async def end_sessions(self, user: User) -> None:
        """End all sessions of the user."""
        async with self._resources.database.transaction() as session:
            await session.exec(delete(Session).where(col(Session.user_id) == user.id))

    async def stored_user(self, user_id: UUID) -> User | None:
        """The user as the database has it."""
        async with self._resources.database.transaction(read_only=True) as session:
            return await session.get(User, user_id)


def _session(user: User) -> Session:
    now = clock.now()
    return Session(
        user_id=user.id, created_at=now, last_used_at=now, expires_at=now + IDLE_LIFETIME
    )


def login_of(user: User, response: Response) -> Login:
    """What a token answer gives the client."""
    pair = response.json()
    return Login(user, pair["access_token"], pair["refresh_token"])


async def request_token(
    client: AsyncClient, email: str, password: str = PASSWORD, **headers: str
) -> Response:
    """A log-in."""
    form = {"grant_type": "password", "username": email, "password": password}
    return await client.post(f"{API}/auth/token", data=form, headers=headers)


async def refresh(client: AsyncClient, refresh_token: str) -> Response:
    """A refresh."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return await client.post(f"{API}/auth/token", data=form)


def token_in(mail: Mail) -> str:
    """The one-time token that a mail carries."""
    return mail.text.partition("?token=")[2].split()[0]


def registration(**fields: object) -> dict[str, object]:
    """The body of a valid registration, but for `fields`."""
    return {"email": f"{new_id()}@example.com", "password": PASSWORD, **fields}
