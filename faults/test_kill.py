"""Kill (SIGKILL) of the service during many writes."""

import signal

import pytest

from faults.load import BROKEN, CLIENTS
from faults.programs import Service
from faults.trial import Trials

KILLS = 2
RESULTS = 40


@pytest.mark.parametrize("processes", [1, 2])
async def test_acknowledged_writes_survive_a_kill_and_nothing_is_half_written(
    trials: Trials, services: list[Service], processes: int
) -> None:
    killed = services[:processes]
    name = f"API killed {KILLS} times, processes: {processes}"
    async with trials.fault(name, *killed, outcomes=BROKEN, logged=None) as fault:
        for count in range(1, KILLS + 1):
            for service in killed:
                await service.program.stop(signal.SIGKILL)
            for service in killed:
                await service.program.start()
            await fault.wait_for_results(count * RESULTS)

    broken = sum(fault.row.during[outcome] for outcome in BROKEN)
    assert broken >= CLIENTS  # each client had a request in flight at the first kill
