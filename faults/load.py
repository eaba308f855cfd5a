"""Load of clients that record acknowledged writes and look for them in the database afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from app.core.ids import new_id
from faults.programs import POOL_SIZE, Postgres, Service
from tests.support.factories import API, registration, request_token

READERS = 3
EDITORS = 4
NEWCOMERS = 3
RETURNERS = 2
CLIENTS = READERS + EDITORS + NEWCOMERS + RETURNERS
"""Number of clients. More than the pool has connections, so that some requests wait for one."""
assert CLIENTS > POOL_SIZE

BROKEN = {"ConnectError", "ReadError", "RemoteProtocolError", "WriteError"}
"""Exceptions that a client raises when the service is killed."""

# The activity contains each edit, including those that a later edit has overwritten.
STORED = """
    SELECT email, log_ins, edits FROM users
    CROSS JOIN LATERAL (SELECT count(*) log_ins FROM sessions WHERE user_id = users.id) AS sessions
    CROSS JOIN LATERAL (
        SELECT count(*) edits FROM activity WHERE resource_id = users.id AND action = 'user.updated'
    ) AS trail
"""
NOT_WHOLE = """
    SELECT 'user ' || id FROM users
    WHERE NOT EXISTS (SELECT FROM activity WHERE resource_id = users.id AND action = 'user.registered')
        OR NOT EXISTS (SELECT FROM one_time_tokens WHERE user_id = users.id)
    UNION ALL
    SELECT 'session ' || id FROM sessions
    WHERE (SELECT count(*) FROM refresh_tokens WHERE session_id = sessions.id) <> 1
"""


@dataclass(frozen=True)
class Result:
    """Outcome of a request."""

    began: float
    ended: float
    outcome: str
    """Status, or a description of the failure.

    `503` stands only for a problem document with `Retry-After`.
    """

    @property
    def is_good(self) -> bool:
        """True if the request succeeded."""
        return self.outcome in ("200", "201")


@dataclass
class Account:
    """User, with the number of acknowledged edits and log-ins."""

    email: str
    token: str = field(repr=False)
    edits: int = 0
    log_ins: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """The headers that authenticate a request."""
        return {"Authorization": f"Bearer {self.token}"}


class Load:
    """Clients, each of which sends its next request as soon as it has received a response."""

    def __init__(self, services: Sequence[Service]) -> None:
        self.results: list[Result] = []
        self.registered: set[str] = set()
        self.secrets: set[str] = set()
        """Texts that the log must not contain."""
        self._services = services
        self._accounts: list[Account] = []
        self._changed = asyncio.Condition()
        self._is_over = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send requests inside the context. At its end, wait for the outstanding responses."""
        turns: list[Callable[[httpx.AsyncClient, Account], Awaitable[None]]] = [
            *[self._read] * READERS,
            *[self._edit] * EDITORS,
            *[self._register] * NEWCOMERS,
            *[self._log_in] * RETURNERS,
        ]
        self._accounts = [await self._new_account() for _ in turns]
        async with asyncio.TaskGroup() as clients:
            for number, turn in enumerate(turns):
                service = self._services[number % len(self._services)]
                clients.create_task(self._repeat(turn, service, self._accounts[number]))
            try:
                yield
            finally:
                self._is_over = True

    async def wait_for(
        self, count: int, outcome: Callable[[Result], bool], *, since: float
    ) -> None:
        """Wait until `count` requests that began after `since` have an outcome of this kind."""

        def is_reached() -> bool:
            recent = (result for result in reversed(self.results) if result.began >= since)
            return sum(map(outcome, recent)) >= count

        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(is_reached)

    async def find_lost(self, postgres: Postgres) -> list[str]:
        """Return a description of each acknowledged write that is not in the database."""
        stored = {row.email: row for row in await postgres.query(STORED)}
        lost = sorted(self.registered - stored.keys())
        for account in self._accounts:
            row = stored[account.email]
            if row.edits < account.edits or row.log_ins < account.log_ins:
                lost.append(f"{account} has {row.edits} edits and {row.log_ins} log-ins")
        return lost

    async def find_half_written(self, postgres: Postgres) -> list[str]:
        """Return the rows, acknowledged or not, without the other rows of their transaction."""
        return [row[0] for row in await postgres.query(NOT_WHOLE)]

    async def _repeat(
        self,
        turn: Callable[[httpx.AsyncClient, Account], Awaitable[None]],
        service: Service,
        account: Account,
    ) -> None:
        async with service.client() as client:
            while not self._is_over:
                await service.program.is_up.wait()
                await turn(client, account)

    async def _new_account(self) -> Account:
        body = registration()
        email = str(body["email"])
        async with self._services[0].client() as client:
            response = await client.post(f"{API}/users", json=body)
            assert response.status_code == 201, response.text
            tokens = (await request_token(client, email)).json()
        self.registered.add(email)
        self.secrets |= {email, str(body["password"]), *_tokens(tokens)}
        return Account(email, tokens["access_token"], log_ins=1)

    async def _read(self, client: httpx.AsyncClient, account: Account) -> None:
        await self._send(client.get(f"{API}/users/me", headers=account.headers))

    async def _edit(self, client: httpx.AsyncClient, account: Account) -> None:
        body = {"full_name": str(new_id())}
        edit = client.patch(f"{API}/users/me", json=body, headers=account.headers)
        if await self._send(edit):
            account.edits += 1

    async def _register(self, client: httpx.AsyncClient, _: Account) -> None:
        email = f"{new_id()}@example.com"
        if await self._send(client.post(f"{API}/users", json=registration(email=email))):
            self.registered.add(email)
            self.secrets.add(email)

    async def _log_in(self, client: httpx.AsyncClient, account: Account) -> None:
        if response := await self._send(request_token(client, account.email)):
            account.log_ins += 1
            self.secrets |= _tokens(response.json())

    async def _send(self, request: Awaitable[httpx.Response]) -> httpx.Response | None:
        """Send the request and record its outcome. Return the response if it succeeded."""
        began = time.monotonic()
        try:
            response = await request
            result = Result(began, time.monotonic(), outcome_of(response))
        except httpx.TransportError as error:
            result = Result(began, time.monotonic(), type(error).__name__)
        async with self._changed:
            self.results.append(result)
            self._changed.notify_all()
        return response if result.is_good else None


def _tokens(pair: dict[str, str]) -> set[str]:
    return {pair["access_token"], pair["refresh_token"]}


def outcome_of(response: httpx.Response) -> str:
    """Return the status, with a remark if the response breaks a promise of the API."""
    status = str(response.status_code)
    if response.status_code < 400:
        return status
    if response.headers["Content-Type"] != "application/problem+json":
        return f"{status} without a problem document"
    if response.status_code == 503 and "Retry-After" not in response.headers:
        return "503 without Retry-After"
    return status
