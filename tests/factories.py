"""Makes users and log-ins. A test states only what its scenario is about."""

from dataclasses import dataclass
from uuid import UUID

from httpx import AsyncClient, Response

from app.core import clock
from app.core.ids import new_id
from app.core.mail import Mail
from app.core.resources import Resources
from app.models.users import Role, User

API = "/api/v1"
PASSWORD = "correct horse battery staple"
OTHER_PASSWORD = "violet tractor mumbles opera"


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
        async with self._resources.passwords.slot() as slot:
            password_hash = await slot.hash(PASSWORD)
        user = User(
            email=email or f"{new_id()}@example.com",
            password_hash=password_hash,
            role=role,
            is_active=is_active,
            email_verified_at=clock.now() if verified else None,
        )
        async with self._resources.database.transaction() as session:
            session.add(user)
        return user

    async def login(self, user: User | None = None, **attributes: Role | bool) -> Login:
        """A session of the user, or of a new one with these attributes."""
        user = user or await self.user(**attributes)  # type: ignore[arg-type]  # passed on as given
        response = await request_token(self._client, user.email)
        assert response.status_code == 200, response.text
        return login_of(user, response)

    async def admin(self) -> Login:
        """A session of an admin."""
        return await self.login(role=Role.ADMIN)

    async def stored_user(self, user_id: UUID) -> User | None:
        """The user as the database has it."""
        async with self._resources.database.transaction(read_only=True) as session:
            return await session.get(User, user_id)


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
