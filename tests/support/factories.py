"""Factories of users and sessions. A test states only what it is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from httpx import AsyncClient, Response
from sqlmodel import col, delete, func, select

from app.audit.models import Activity
from app.authentication.service import IDLE_LIFETIME
from app.core import clock
from app.core.config import API_PREFIX
from app.core.ids import new_id
from app.core.passwords import PasswordHasher
from app.core.tables import Base
from app.core.tokens import digest, new_opaque_token
from app.mail.message import Mail
from app.runtime.resources import Resources
from app.sessions.models import LoginSession, RefreshToken
from app.users.models import Role, User

API = API_PREFIX
PASSWORD = "correct horse battery staple"
OTHER_PASSWORD = "violet tractor mumbles opera"

_hashes: WeakKeyDictionary[PasswordHasher, str] = WeakKeyDictionary()


@dataclass(frozen=True)
class Login:
    """Session of a user, with its tokens. It sends requests: `await login.get(path)`."""

    client: AsyncClient
    user: User
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}

    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Response:
        """Send a request of the user, and return the response."""
        authenticated = {**self.headers, **(headers or {})}
        return await self.client.request(method, path, headers=authenticated, **options)

    async def get(self, path: str, **options: Any) -> Response:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Response:
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Response:
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> Response:
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> Response:
        return await self.request("DELETE", path, **options)

    async def delete_account(self, password: str = PASSWORD) -> Response:
        """Delete the account of the user, and return the response."""
        return await self.post(f"{API}/users/me/deletion", json={"password": password})


class Factory:
    """Factory of rows, which it stores without the API."""

    def __init__(self, client: AsyncClient, resources: Resources) -> None:
        self._client = client
        self._resources = resources

    async def add(self, *rows: Base) -> None:
        """Store rows in their order, in one transaction."""
        async with self._resources.database.transaction() as session:
            for row in rows:
                session.add(row)
                # Now, because rows without a relationship would be stored in another order.
                await session.flush()

    async def count(self, table: type[Any], **values: object) -> int:
        async with self._resources.database.transaction(read_only=True) as session:
            statement = select(func.count()).select_from(table).filter_by(**values)
            return (await session.exec(statement)).one()

    async def user(
        self,
        *,
        email: str | None = None,
        role: Role = Role.USER,
        is_active: bool = True,
        verified: bool = False,
    ) -> User:
        """Store a user with the password PASSWORD."""
        user = User(
            email=email or f"{new_id()}@example.com",
            password_hash=await self._hash(),
            role=role,
            is_active=is_active,
            email_verified_at=clock.now() if verified else None,
        )
        await self.add(user)
        return user

    async def sessions(self, user: User, count: int) -> None:
        await self.add(*[_session(user) for _ in range(count)])

    async def activity(self, count: int, *, actor: User, scope_id: UUID) -> None:
        values: dict[str, Any] = {
            "actor_id": actor.id,
            "action": "user.updated",
            "resource_id": scope_id,
            "scope_id": scope_id,
            "request_id": None,
            "details": {},
        }
        await self.add(*[Activity(**values) for _ in range(count)])

    async def login(self, user: User | None = None, **attributes: Role | bool) -> Login:
        """Store a session of the user, or of a new user with these attributes."""
        user = user or await self.user(**attributes)  # type: ignore[arg-type]  # passed on as given
        refresh_token = new_opaque_token()
        stored = _session(user)
        token = RefreshToken(
            session=stored, session_id=stored.id, token_digest=digest(refresh_token)
        )
        await self.add(token)
        access_token = self._resources.access_tokens.issue(user_id=user.id, session_id=stored.id)
        return Login(self._client, user, access_token, refresh_token)

    async def admin(self) -> Login:
        return await self.login(role=Role.ADMIN)

    async def deactivate(self, user: User) -> None:
        """Deactivate the user. Unlike over the API, the sessions are kept."""
        async with self._resources.database.transaction() as session:
            session.add(user)
            user.is_active = False

    async def end_sessions(self, user: User) -> None:
        async with self._resources.database.transaction() as session:
            await session.exec(delete(LoginSession).where(col(LoginSession.user_id) == user.id))

    async def stored_user(self, user_id: UUID) -> User | None:
        async with self._resources.database.transaction(read_only=True) as session:
            return await session.get(User, user_id)

    async def _hash(self) -> str:
        """Return the hash of PASSWORD, which is created once for each hasher."""
        hasher = self._resources.passwords
        if hasher not in _hashes:
            async with hasher.slot() as slot:
                _hashes[hasher] = await slot.hash(PASSWORD)
        return _hashes[hasher]


def _session(user: User) -> LoginSession:
    now = clock.now()
    return LoginSession(
        user_id=user.id, created_at=now, last_used_at=now, expires_at=now + IDLE_LIFETIME
    )


def login_of(client: AsyncClient, user: User, response: Response) -> Login:
    """Return the session that a token response starts."""
    pair = response.json()
    return Login(client, user, pair["access_token"], pair["refresh_token"])


async def request_token(
    client: AsyncClient, email: str, password: str = PASSWORD, **headers: str
) -> Response:
    """Log in, and return the response."""
    form = {"grant_type": "password", "username": email, "password": password}
    return await client.post(f"{API}/auth/token", data=form, headers=headers)


async def refresh(client: AsyncClient, refresh_token: str) -> Response:
    """Refresh the tokens, and return the response."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return await client.post(f"{API}/auth/token", data=form)


def token_in(mail: Mail) -> str:
    return mail.text.partition("?token=")[2].split()[0]


def registration(**fields: object) -> dict[str, object]:
    """Return a valid registration with these fields."""
    return {"email": f"{new_id()}@example.com", "password": PASSWORD, **fields}
