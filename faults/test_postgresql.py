"""Faults of PostgreSQL: restarts, hangs, exhausted and ended connections, and others."""

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

ERRORS = 20
"""Number of responses with 503 that show that the fault has taken effect."""
CLOSING_SECONDS = 6.0
"""Maximum duration in which the pool closes a hanging connection, on a busy machine, in seconds."""
END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'plumbline'"
END_ONE_AT_WORK = text(f"{END_ALL} AND state <> 'idle' LIMIT 1")


@pytest.mark.parametrize("mode", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
async def test_requests_fail_with_503_while_postgresql_restarts(
    trials: Trials, postgres: Postgres, service: Service, mode: signal.Signals
) -> None:
    name = "fast" if mode is signal.SIGINT else "immediate"
    async with trials.fault(f"PostgreSQL restarted, {name}", service) as fault:
        await postgres.program.stop(mode)
        readiness = await service.wait_until_not_ready()
        await fault.wait_for_errors(ERRORS)
        await postgres.program.start()

    assert readiness.json()["checks"]["database"] == "failed"


async def test_connections_closed_by_a_restart_between_requests_are_not_used_again(
    postgres: Postgres, service: Service
) -> None:
    async with service.client() as client:
        statuses = [(await client.get("/readyz")).status_code]
        await postgres.restart(signal.SIGINT)
        statuses += [(await client.get("/readyz")).status_code]

    assert statuses == [200, 200]


async def test_requests_fail_with_503_in_bounded_time_while_postgresql_is_suspended(
    trials: Trials, postgres: Postgres, service: Service
) -> None:
    async with trials.fault("PostgreSQL suspended", service) as fault:
        with postgres.program.paused():
            readiness = await service.wait_until_not_ready()
            await fault.wait_for_errors(ERRORS)
            await service.program.wait_for_line(
                "database.unavailable", after=fault.log_lines[service]
            )

    assert readiness.json()["checks"]["database"] == "failed"
    assert fault.row.slowest <= MAX_WAIT_SECONDS + COMMAND_SECONDS + CLOSING_SECONDS


async def test_requests_fail_with_503_while_other_clients_hold_all_connections(
    trials: Trials, postgres: Postgres, service: Service
) -> None:
    async with (
        trials.fault("PostgreSQL's connections taken", service) as fault,
        AsyncExitStack() as others,
    ):
        taken = 0
        while taken < MAX_CONNECTIONS - RESERVED_CONNECTIONS:
            await postgres.query(END_ALL)
            with suppress(DBAPIError):  # the service has reconnected first
                await others.enter_async_context(postgres.connection(role="other"))
                taken += 1
        readiness = await service.wait_until_not_ready()
        await fault.wait_for_errors(ERRORS)

    assert readiness.json()["checks"]["database"] == "failed"


async def test_requests_whose_connection_postgresql_ends_fail_with_503(
    trials: Trials, postgres: Postgres, service: Service
) -> None:
    async with (
        trials.fault("PostgreSQL ends connections", service),
        postgres.connection() as connection,
    ):
        ended = 0
        while ended < ERRORS:
            ended += len((await connection.execute(END_ONE_AT_WORK)).all())


async def test_requests_fail_with_503_while_postgresql_is_read_only_after_a_failover(
    trials: Trials, postgres: Postgres, service: Service
) -> None:
    change = "ALTER DATABASE faults_test {} default_transaction_read_only"
    async with trials.fault("PostgreSQL read-only", service) as fault:
        await postgres.query(f"{change.format('SET')} = on", "postgres")
        await postgres.query(END_ALL)
        readiness = await service.wait_until_not_ready()
        await fault.wait_for_errors(ERRORS)
        await postgres.query(change.format("RESET"), "postgres")

    assert readiness.json()["checks"]["database"] == "failed"


async def test_requests_fail_with_503_while_the_database_role_cannot_log_in(
    trials: Trials, postgres: Postgres, service: Service
) -> None:
    async with trials.fault("PostgreSQL role NOLOGIN", service) as fault:
        await postgres.query("ALTER ROLE plumbline NOLOGIN")
        await postgres.query(END_ALL)
        await service.wait_until_not_ready()
        await fault.wait_for_errors(ERRORS)
        await postgres.query("ALTER ROLE plumbline LOGIN")


async def test_requests_fail_with_503_while_the_unix_socket_is_missing(
    trials: Trials, postgres: Postgres, postgres_directory: Path, directory: Path
) -> None:
    url = f"postgresql://plumbline@/faults_test?host={postgres_directory}&port={postgres.port}"
    socket = postgres_directory / f".s.PGSQL.{postgres.port}"
    async with (
        serve(url, directory) as service,
        trials.fault("PostgreSQL socket missing", service) as fault,
    ):
        socket.rename(socket.with_suffix(".moved"))
        await postgres.query(END_ALL)
        await service.wait_until_not_ready()
        await fault.wait_for_errors(ERRORS)
        socket.with_suffix(".moved").rename(socket)


async def test_requests_fail_at_most_with_503_when_a_migration_invalidates_plans(
    trials: Trials, postgres: Postgres, service: Service
) -> None:
    async with trials.fault("PostgreSQL plans invalidated", service, logged=None) as fault:
        for length in range(201, 206):
            await postgres.query(f"ALTER TABLE users ALTER full_name TYPE varchar({length})")
            await fault.wait_for_results(ERRORS * (length - 200))
        await postgres.query("ALTER TABLE users ALTER full_name TYPE varchar(200)")
