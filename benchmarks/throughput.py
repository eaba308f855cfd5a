"""Speed of the service relative to a bare server: `python -m benchmarks.throughput`.

It needs Linux, PostgreSQL, and `wrk` on the PATH. Both servers run in one process each, on the same
database: the service as in production, with its log, its limits and all its headers, and
`bare_server.py`, which has none of them. First their responses are compared byte by byte. Then 32
connections send requests to each in turn. A route's ratio is the median of the rounds, because the
speed of a shared machine drifts, but little within a round. Processor time is that of the server
alone, without the client and PostgreSQL.

The command exits with 1 if a route falls below its floor, or another bound is exceeded.
"""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile
from typing import Annotated

import typer

from benchmarks.calls import ME, create_calls, ratios
from benchmarks.servers import (
    SERVE,
    SERVE_BARE,
    Call,
    Load,
    Server,
    Servers,
    free_port,
    open_servers,
)

MAX_P99 = 4.0
"""Maximum p99, as a multiple of p50."""
MAX_START_SECONDS = 2.5
MAX_IDLE_MEGABYTES = 120.0
"""Maximum memory after the start, in MB. docs/adr/0002-speed.md explains what uses it."""
MAX_CPU_OF_TWO_WORKERS = 1.15
"""Maximum processor time per request with two workers, as a multiple of that with one."""
SAMPLED = ("-m", "benchmarks.sampled_server")
WORKERS = ("-m", "uvicorn", "app.asgi:app", "--no-access-log", "--no-proxy-headers", "--workers")
NEW = re.compile(rb'"(id|created_at|updated_at)":"[^"]+"')
"""Members that differ between two new tasks."""


@dataclass(frozen=True)
class Round:
    """Loads of the same call on both servers, one after the other."""

    ours: Load
    bare: Load

    @property
    def ratio(self) -> float:
        """The rate of the service divided by that of the bare server."""
        return self.ours.rate / self.bare.rate


def compare_bytes(ours: Server, bare: Server, calls: Sequence[Call], token: str) -> None:
    """End the benchmark unless both servers return the same bytes for all calls."""
    for call in calls:
        bodies = [server.ask(call, token) for server in (ours, bare)]
        if call.method == "POST":
            bodies = [NEW.sub(rb"\1", body) for body in bodies]
        if bodies[0] != bodies[1]:
            sys.exit(f"The responses to {call.name} differ:\n{bodies[0]!r}\n{bodies[1]!r}")


def measure(
    ours: Server, bare: Server, calls: Sequence[Call], *, rounds: int, seconds: float
) -> Mapping[str, list[Round]]:
    """Run all rounds, and return them by the name of the call."""
    for server in (ours, bare):
        server.load(calls, ours.log_in(), seconds=2)  # opens connections, fills caches
    found: dict[str, list[Round]] = {call.name: [] for call in calls}
    for _ in range(rounds):
        token = ours.log_in()  # a token expires after 15 minutes
        for call in calls:
            loads = [server.load([call], token, seconds=seconds) for server in (ours, bare)]
            found[call.name].append(Round(*loads))
    return found


def report(found: Mapping[str, list[Round]]) -> Iterator[str]:
    """Print medians, and yield a line for each exceeded bound."""
    typer.echo(
        f"{'':15}{'requests/s':>14}{'ratio':>18}{'p50 ms':>14}{'p99 ms':>14}{'p99/p50':>9}"
        f"{'CPU us':>14}"
    )
    floors_and_goals = ratios()
    for name, rounds in found.items():
        ours, bare = [turn.ours for turn in rounds], [turn.bare for turn in rounds]
        measured = [turn.ratio for turn in rounds]
        spread = median(load.p99 / load.p50 for load in ours)
        typer.echo(
            f"{name:15}"
            + pair(median(load.rate for load in ours), median(load.rate for load in bare))
            + f"{median(measured):6.3f} ({min(measured):.2f}-{max(measured):.2f})"
            + pair(median(load.p50 for load in ours), median(load.p50 for load in bare), 1)
            + pair(median(load.p99 for load in ours), median(load.p99 for load in bare), 1)
            + f"{spread:9.1f}"
            + pair(median(load.cpu for load in ours), median(load.cpu for load in bare))
        )
        floor, goal = floors_and_goals[name]
        if median(measured) < floor:
            yield f"{name}: {median(measured):.3f} of the bare server; the floor is {floor}."
        elif median(measured) < goal:
            typer.echo(f"{'':15}below the goal of {goal:.2f}")
        if spread > MAX_P99:
            yield f"{name}: p99 is {spread:.1f} times p50; the maximum is {MAX_P99:.0f}."
        if failed := sum(load.failed for load in (*ours, *bare)):
            yield f"{name}: {failed} requests failed."


def pair(ours: float, bare: float, digits: int = 0) -> str:
    """Format the figures of the service and of the bare server."""
    return f"{ours:8.{digits}f}/{bare:<5.{digits}f}"


def measure_start(servers: Servers, token: str) -> Iterator[str]:
    """Print the time to the first response and the memory. Yield each exceeded bound."""
    durations, sizes = [], []
    for _ in range(3):
        port = free_port()
        began = time.perf_counter()
        with servers.serve(*SERVE, port=port, asked=ME, token=token) as server:
            durations.append(time.perf_counter() - began)
            sizes.append(server.resident_megabytes())
    start, size = median(durations), median(sizes)
    typer.echo(f"From the start to the first response: {start:.2f} s. Idle: {size:.0f} MB.")
    if start > MAX_START_SECONDS:
        yield f"The start takes {start:.2f} s; the maximum is {MAX_START_SECONDS} s."
    if size > MAX_IDLE_MEGABYTES:
        yield f"The idle service uses {size:.0f} MB; the maximum is {MAX_IDLE_MEGABYTES:.0f} MB."


def measure_workers(servers: Servers, token: str, *, seconds: float) -> Iterator[str]:
    """Print the cost of a request with one and with two workers. Yield each exceeded bound."""
    costs: dict[int, list[Load]] = {1: [], 2: []}
    for _ in range(3):
        for workers, loads in costs.items():
            with servers.serve(*WORKERS, str(workers), "--port") as server:
                server.load([ME], token, seconds=1)
                loads.append(server.load([ME], token, seconds=seconds))
    one, two = (median(load.cpu for load in loads) for loads in costs.values())
    rates = " and ".join(f"{median(load.rate for load in loads):.0f}" for loads in costs.values())
    typer.echo(
        f"{ME.name} with one worker and with two: {one:.0f} and {two:.0f} us a request, "
        f"{rates} requests/s."
    )
    if two > MAX_CPU_OF_TWO_WORKERS * one:
        yield (
            f"A request costs {two / one:.2f} times as much with two workers; "
            f"the maximum is {MAX_CPU_OF_TWO_WORKERS}."
        )


def profile(servers: Servers, call: Call, token: str, *, seconds: float) -> None:
    """Print the share of each part in the processor time of a call."""
    with NamedTemporaryFile() as file:
        with servers.serve(*SAMPLED, file.name) as server:
            server.load([call], token, seconds=1)
            os.kill(server.pid, signal.SIGUSR1)
            server.load([call], token, seconds=seconds)
        samples: dict[str, int] = json.loads(Path(file.name).read_text())
    typer.echo(f"\n{call.name}")
    for part, count in sorted(samples.items(), key=itemgetter(1), reverse=True):
        typer.echo(f"{count / sum(samples.values()):7.1%}  {part}")


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Number of rounds.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="Seconds of each measurement.")] = 3,
    server: Annotated[str, typer.Option(help="PostgreSQL URL.")] = "postgresql://root@127.0.0.1",
    profiled: Annotated[bool, typer.Option("--profile", help="Only profile the service.")] = False,
) -> None:
    """Compare the service with a bare server."""
    faults: list[str] = []
    with open_servers(server) as servers, servers.serve(*SERVE) as ours:
        token = ours.log_in()
        calls = create_calls(ours, token)
        if profiled:
            for call in calls:
                profile(servers, call, token, seconds=3 * seconds)
            return
        with servers.serve(*SERVE_BARE, asked=ME, token=token) as bare:
            compare_bytes(ours, bare, calls, token)
            faults += report(measure(ours, bare, calls, rounds=rounds, seconds=seconds))
        faults += measure_start(servers, ours.log_in())
        faults += measure_workers(servers, ours.log_in(), seconds=seconds)
    if faults:
        sys.exit("\n".join(["Bounds are exceeded:", *faults]))


if __name__ == "__main__":
    typer.run(main)
