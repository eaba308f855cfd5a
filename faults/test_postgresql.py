"""PostgreSQL is away, asleep, full, or ends a connection."""

import signal
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.database import MAX_WAIT_SECONDS
from app.core.database_engine import COMMAND_SECONDS
from faults.programs import MAX_CONNECTIONS, RESERVED_CONNECTIONS, Postgres, Service, serve
from faults.trial import Trials

REFUSALS = 20
"""With so many answers of 503 a fault has been met."""
CLOSING_SECONDS = 6.0
"""For the pool to give a connection up that hangs, on a busy machine."""
END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'plumbline'"
END_ONE_AT_WORK = text(f"{END_ALL} AND state <> 'idle' LIMIT 1")


@pytest.mark.parametrize("mode", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
async def test_restarted(
    trials: Trials, postgres: Postgres, service: Service, mode: signal.Signals
) -> None:
    name = "fast" if mode is signal.SIGINT else "immediate"
    async with trials.fault(f"PostgreSQL restarted, {name}", service) as fault:
        await postgres.program.stop(mode)
        readiness = await service.wait_until_not_ready()
        await fault.wait_for_refusals(REFUSALS)
        await postgres.program.start()

    assert readiness.json()["checks"]["database"] == "failed"


async def test_restarted_while_nobody_asks(postgres: Postgres, service: Service) -> None:
    """Connections that died unnoticed are not handed to requests."""
    async with service.client() as client:
        statuses = [(await client.get("/readyz")).status_code]
        await postgres.restart(signal.SIGINT)
        statuses += [(await client.get("/readyz")).status_code]

    assert statuses == [200, 200]


async def test_asleep(trials: Trials, postgres: Postgres, service: Service) -> None:
    """The server answers nothing and does not hang up either, for longer than anyone waits."""
    async with trials.fault("PostgreSQL asleep", service) as fault:
        with postgres.program.paused():
            readiness = await service.wait_until_not_ready()
            await fault.wait_for_refusals(REFUSALS)
            await service.program.wait_for_line(
                "database.unavailable", after=fault.log_lines[service]
            )

    assert readiness.json()["checks"]["database"] == "failed"
    assert fault.row.slowest <= MAX_WAIT_SECONDS + COMMAND_SECONDS + CLOSING_SECONDS


async def test_out_of_connections(trials: Trials, postgres: Postgres, service: Service) -> None:
    """Others have taken what there is, and the service has just lost its own."""
    async with (
        trials.fault("PostgreSQL's connections taken", service) as fault,
        AsyncExitStack() as others,
    ):
        taken = 0
        while taken < MAX_CONNECTIONS - RESERVED_CONNECTIONS:
            await postgres.query(END_ALL)
            with suppress(DBAPIError):  # the service was quicker
                await others.enter_async_context(postgres.connection(role="other"))
                taken += 1
        readiness = await service.wait_until_not_ready()
        await fault.wait_for_refusals(REFUSALS)

    assert readiness.json()["checks"]["database"] == "failed"


async def test_connections_ended_under_requests(
    trials: Trials, postgres: Postgres, service: Service
) -> None:
    async with (
        trials.fault("PostgreSQL ends connections", service),
        postgres.connection() as connection,
    ):
        ended = 0
        while ended < REFUSALS:
            ended += len((await connection.execute(END_ONE_AT_WORK)).all())


async def test_read_only_after_a_failover(
    trials: Trials, postgres: Postgres, service: Service
) -> None:
    change = "ALTER DATABASE faults_test {} default_transaction_read_only"
    async with trials.fault("PostgreSQL read-only", service) as fault:
        await postgres.query(f"{change.format('SET')} = on", "postgres")
        await postgres.query(END_ALL)
        readiness = await service.wait_until_not_ready()
        await fault.wait_for_refusals(REFUSALS)
        await postgres.query(change.format("RESET"), "postgres")

    assert readiness.json()["checks"]["database"] == "failed"


async def test_role_that_may_not_log_in(
    trials: Trials, postgres: Postgres, service: Service
) -> None:
    async with trials.fault("PostgreSQL role NOLOGIN", service) as fault:
        await postgres.query("ALTER ROLE plumbline NOLOGIN")
        await postgres.query(END_ALL)
        await service.wait_until_not_ready()
        await fault.wait_for_refusals(REFUSALS)
        await postgres.query("ALTER ROLE plumbline LOGIN")


async def test_missing_socket(
    trials: Trials, postgres: Postgres, postgres_directory: Path, directory: Path
) -> None:
    url = f"postgresql://plumbline@/faults_test?host={postgres_directory}&port={postgres.port}"
    socket = postgres_directory / f".s.PGSQL.{postgres.port}"
    async with (
        serve(url, directory) as service,
        trials.fault("PostgreSQL socket missing", service) as fault,
    ):
        socket.rename(socket.with_suffix(".away"))
        await postgres.query(END_ALL)
        await service.wait_until_not_ready()
        await fault.wait_for_refusals(REFUSALS)
        socket.with_suffix(".away").rename(socket)


async def test_plans_invalidated_by_a_migration(
    trials: Trials, postgres: Postgres, service: Service
) -> None:
    async with trials.fault("PostgreSQL plans invalidated", service, logged=None) as fault:
        for length in range(201, 206):
            await postgres.query(f"ALTER TABLE users ALTER full_name TYPE varchar({length})")
            await fault.wait_for_answers(REFUSALS * (length - 200))
        await postgres.query("ALTER TABLE users ALTER full_name TYPE varchar(200)")
