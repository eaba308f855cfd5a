"""A fault under load: what became of the requests, and whether all is again as it was before."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from faults.load import Answer, Load
from faults.programs import DATABASE_PASSWORD, POOL_SIZE, SECRET_KEY, Postgres, Service

WARM_UP = 60
"""Good answers before the fault: the first ones make what the process then keeps."""
PROOF = 60
"""Good answers after it."""
RECOVERY_SECONDS = 5.0
PROCESSES = 3
"""Of the service, with a worker."""
MEMORY_MEGABYTES = 25
"""By which the process may have grown: what the load itself leaves behind."""

OPEN_CONNECTIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE usename = 'plumbline' AND backend_type = 'client backend'
"""
IDLE_IN_TRANSACTION = """
    SELECT pid FROM pg_stat_activity
    WHERE usename = 'plumbline' AND state LIKE 'idle in transaction%'
        AND state_change < now() - interval '1 second'
"""


@dataclass
class Row:
    """What is printed of a fault."""

    fault: str
    requests: int
    acknowledged: int
    lost: int
    during: Counter[str]
    slowest: float
    """Seconds, of the answers to requests that met the fault."""
    after: Counter[str]
    recovery: float
    """Seconds from the end of the fault to the last request that was not done."""
    megabytes: tuple[int, int]


ROWS: list[Row] = []
NOTES: list[str] = []
"""Figures that are printed below the rows."""


@dataclass
class Fault:
    """When it was, and what there is to be told of it."""

    load: Load
    began: float
    ended: float = 0.0
    row: Row = field(init=False)
    log_lines: dict[Service, int] = field(default_factory=dict)

    async def wait_for_answers(self, count: int) -> None:
        """Return when so many requests that began in the fault have been answered."""
        await self.load.wait_for(count, lambda _: True, since=self.began)

    async def wait_for_refusals(self, count: int) -> None:
        """Return when so many requests that began in the fault have been refused."""
        await self.load.wait_for(count, lambda each: each.outcome == "503", since=self.began)


class Trials:
    """Has faults happen under load, and checks what has to be true whatever the fault is."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    @asynccontextmanager
    async def fault(
        self,
        name: str,
        *services: Service,
        outcomes: Collection[str] = ("503",),
        logged: str | None = "database.unavailable",
        load: Load | None = None,
    ) -> AsyncIterator[Fault]:
        """The fault happens in the context and is over at its end. Requests that meet it are done
        or end in one of the `outcomes`; the log tells of it by `logged`, and why.
        """
        load = load or Load(services)
        async with load.running():
            await load.wait_for(WARM_UP, lambda each: each.is_good, since=0)
            before = [each.megabytes() for each in services]
            fault = Fault(load, time.monotonic())
            fault.log_lines = {each: len(each.program.log) for each in services}
            yield fault
            fault.ended = time.monotonic()
            async with asyncio.timeout(60):
                for service in services:
                    await service.wait_until_ready()
            ready = time.monotonic()
            await load.wait_for(PROOF, lambda each: each.is_good, since=ready)
        after = [each.megabytes() for each in services]
        fault.row = row = Row(
            fault=name,
            requests=len(load.answers),
            acknowledged=sum(each.is_good for each in load.answers),
            lost=len(lost := await load.find_lost(self._postgres)),
            during=_outcomes(met := [each for each in load.answers if _met(each, fault, ready)]),
            slowest=max((each.ended - each.began for each in met), default=0),
            after=_outcomes(later := [each for each in load.answers if each.began >= ready]),
            recovery=_recovery(load.answers, fault, ready),
            megabytes=(max(before), max(after)),
        )
        ROWS.append(row)
        assert lost == []
        assert await load.find_half_written(self._postgres) == []
        assert {each.outcome for each in met if not each.is_good} <= {*outcomes}
        assert [each for each in later if not each.is_good] == []
        assert row.recovery <= RECOVERY_SECONDS
        growth = [new - old for old, new in zip(before, after, strict=True)]
        assert max(growth) <= MEMORY_MEGABYTES
        await self._check_connections()
        self._check_log(fault, refused="503" in row.during, logged=logged)

    async def _check_connections(self) -> None:
        [(count,)] = await self._postgres.query(OPEN_CONNECTIONS)
        assert count <= POOL_SIZE * PROCESSES
        assert await self._postgres.query(IDLE_IN_TRANSACTION) == []

    def _check_log(self, fault: Fault, *, refused: bool, logged: str | None) -> None:
        secrets = {DATABASE_PASSWORD, SECRET_KEY, *fault.load.secrets}
        for service, begin in fault.log_lines.items():
            text = "".join(service.program.log)
            assert [each for each in secrets if each in text] == []
            lines = service.program.log[begin:]
            if refused and logged:
                assert any(logged in line for line in lines)
            assert [line for line in lines if "request.failed" in line] == []


def _met(answer: Answer, fault: Fault, ready: float) -> bool:
    return answer.ended >= fault.began and answer.began < ready


def _outcomes(answers: list[Answer]) -> Counter[str]:
    return Counter(each.outcome for each in answers)


def _recovery(answers: list[Answer], fault: Fault, ready: float) -> float:
    refused = [each.ended for each in answers if not each.is_good]
    return max(ready, *refused, fault.ended) - fault.ended if refused else ready - fault.ended
