"""Faults under load, with checks of the requests and of the state afterwards."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from faults.load import Load, Result
from faults.programs import DATABASE_PASSWORD, POOL_SIZE, SECRET_KEY, Postgres, Service

WARM_UP = 60
"""Successful requests before the fault, which fill the caches and pools of the process."""
PROOF = 60
"""Successful requests after the fault."""
RECOVERY_SECONDS = 5.0
"""Maximum duration from the end of the fault to the last failed request, in seconds."""
PROCESSES = 3
"""Number of processes of the service, including a worker."""
MEMORY_MEGABYTES = 25
"""Maximum growth of the memory of a process, in MB. The load itself causes some growth."""

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
    """Printed results of a fault."""

    fault: str
    requests: int
    acknowledged: int
    lost: int
    during: Counter[str]
    slowest: float
    """Duration of the slowest request during the fault, in seconds."""
    after: Counter[str]
    recovery: float
    """Duration from the end of the fault to the last failed request, in seconds."""
    megabytes: tuple[int, int]


ROWS: list[Row] = []
NOTES: list[str] = []
"""Lines that are printed below the rows."""


@dataclass
class Fault:
    """Fault with its begin, its end and its results. Times are monotonic, in seconds."""

    load: Load
    began: float
    ended: float = 0.0
    row: Row = field(init=False)
    log_lines: dict[Service, int] = field(default_factory=dict)

    async def wait_for_results(self, count: int) -> None:
        """Wait until `count` requests that began during the fault have ended."""
        await self.load.wait_for(count, lambda _: True, since=self.began)

    async def wait_for_errors(self, count: int) -> None:
        """Wait until `count` requests that began during the fault have failed with 503."""
        await self.load.wait_for(count, lambda result: result.outcome == "503", since=self.began)


class Trials:
    """Runner of a load during faults, with the checks that apply to every fault."""

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
        """Run the load before, during and after the context, in which the caller injects the fault.

        Requests during the fault must succeed or end in one of the `outcomes`. If some end in 503,
        the log must contain `logged`.
        """
        load = load or Load(services)
        async with load.running():
            await load.wait_for(WARM_UP, lambda result: result.is_good, since=0)
            before = [service.megabytes() for service in services]
            fault = Fault(load, time.monotonic())
            fault.log_lines = {service: len(service.program.log) for service in services}
            yield fault
            fault.ended = time.monotonic()
            async with asyncio.timeout(60):
                for service in services:
                    await service.wait_until_ready()
            ready = time.monotonic()
            await load.wait_for(PROOF, lambda result: result.is_good, since=ready)
        after = [service.megabytes() for service in services]
        fault.row = row = Row(
            fault=name,
            requests=len(load.results),
            acknowledged=sum(result.is_good for result in load.results),
            lost=len(lost := await load.find_lost(self._postgres)),
            during=_outcomes(met := [one for one in load.results if _met(one, fault, ready)]),
            slowest=max((result.ended - result.began for result in met), default=0),
            after=_outcomes(later := [one for one in load.results if one.began >= ready]),
            recovery=_recovery(load.results, fault, ready),
            megabytes=(max(before), max(after)),
        )
        ROWS.append(row)
        assert lost == []
        assert await load.find_half_written(self._postgres) == []
        assert {result.outcome for result in met if not result.is_good} <= {*outcomes}
        assert [result for result in later if not result.is_good] == []
        assert row.recovery <= RECOVERY_SECONDS
        growth = [new - old for old, new in zip(before, after, strict=True)]
        assert max(growth) <= MEMORY_MEGABYTES
        await self._check_connections()
        self._check_log(fault, has_errors="503" in row.during, logged=logged)

    async def _check_connections(self) -> None:
        [(count,)] = await self._postgres.query(OPEN_CONNECTIONS)
        assert count <= POOL_SIZE * PROCESSES
        assert await self._postgres.query(IDLE_IN_TRANSACTION) == []

    def _check_log(self, fault: Fault, *, has_errors: bool, logged: str | None) -> None:
        secrets = {DATABASE_PASSWORD, SECRET_KEY, *fault.load.secrets}
        for service, begin in fault.log_lines.items():
            text = "".join(service.program.log)
            assert [secret for secret in secrets if secret in text] == []
            lines = service.program.log[begin:]
            if has_errors and logged:
                assert any(logged in line for line in lines)
            assert [line for line in lines if "request.failed" in line] == []


def _met(result: Result, fault: Fault, ready: float) -> bool:
    return result.ended >= fault.began and result.began < ready


def _outcomes(results: list[Result]) -> Counter[str]:
    return Counter(result.outcome for result in results)


def _recovery(results: list[Result], fault: Fault, ready: float) -> float:
    failed = [result.ended for result in results if not result.is_good]
    return max(ready, *failed, fault.ended) - fault.ended if failed else ready - fault.ended
