"""The service is killed (SIGKILL) in the middle of many writes."""

import signal

import pytest

from faults.load import BROKEN, CLIENTS
from faults.programs import Service
from faults.trial import Trials

KILLS = 2
ANSWERS = 40


@pytest.mark.parametrize("processes", [1, 2])
async def test_what_was_acknowledged_is_there_and_nothing_is_half_there(
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
            await fault.wait_for_answers(count * ANSWERS)

    broken = sum(fault.row.during[each] for each in BROKEN)
    assert broken >= CLIENTS  # of which each had one in flight at the first kill
