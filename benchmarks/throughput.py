"""How fast the service is beside a bare server that answers the same bytes:
`python -m benchmarks.throughput` (Linux, PostgreSQL, `wrk` on the PATH).

Both serve from one process, on one database of their own: this service as in production, with its
log, its limits and all its headers, and `bare_server.py`, which has none of them. First their
answers are compared, byte by byte. Then 32 connections ask the one and the other in turns, and a
route's ratio is the median of those of the rounds: the speed of a shared machine drifts, but one
round is short. Processor time is the server's own; the client's and PostgreSQL's are not in it.

It exits with 1 if a route falls below its floor, or another bound is broken.
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

from benchmarks.servers import (
    API,
    SERVE,
    SERVE_BARE,
    Call,
    Load,
    Server,
    Servers,
    free_port,
    make_project,  # example
    open_servers,
)

ME = Call("GET /users/me", "GET", f"{API}/users/me")
FLOORS = {
    ME.name: (0.13, 0.22),
    "GET tasks, 50": (0.25, 0.40),  # example
    "POST task": (0.12, 0.20),  # example
}
"""The ratio to the bare server that a route has to reach, and the one that it should."""
MAX_P99 = 4.0
"""Times p50."""
MAX_START_SECONDS = 2.5
MAX_IDLE_MEGABYTES = 120.0
"""docs/adr/0002-speed.md tells what holds them."""
MAX_CPU_OF_TWO_WORKERS = 1.15
"""Times that of one."""
SAMPLED = ("-m", "benchmarks.sampled_server")
WORKERS = ("-m", "uvicorn", "app.asgi:app", "--no-access-log", "--no-proxy-headers", "--workers")
NEW = re.compile(rb'"(id|created_at|updated_at)":"[^"]+"')
"""What differs between two new tasks."""


@dataclass(frozen=True)
class Round:
    """The same call, asked of both servers one after the other."""

    ours: Load
    bare: Load

    @property
    def ratio(self) -> float:
        """Our rate, of the bare server's."""
        return self.ours.rate / self.bare.rate


def compare_bytes(ours: Server, bare: Server, calls: Sequence[Call], token: str) -> None:
    """End the benchmark unless both answer all calls with the same bytes."""
    for call in calls:
        answers = [server.ask(call, token) for server in (ours, bare)]
        if call.method == "POST":
            answers = [NEW.sub(rb"\1", answer) for answer in answers]
        if answers[0] != answers[1]:
            sys.exit(f"{call.name} is answered differently:\n{answers[0]!r}\n{answers[1]!r}")


def measure(
    ours: Server, bare: Server, calls: Sequence[Call], *, rounds: int, seconds: float
) -> Mapping[str, list[Round]]:
    """All rounds, by the name of the call."""
    for server in (ours, bare):
        server.load(calls, ours.log_in(), seconds=2)  # opens connections, fills caches
    found: dict[str, list[Round]] = {call.name: [] for call in calls}
    for _ in range(rounds):
        token = ours.log_in()  # it lives for 15 minutes only
        for call in calls:
            loads = [server.load([call], token, seconds=seconds) for server in (ours, bare)]
            found[call.name].append(Round(*loads))
    return found


def report(found: Mapping[str, list[Round]]) -> Iterator[str]:
    """Print medians; what is wrong with them."""
    typer.echo(
        f"{'':15}{'requests/s':>14}{'ratio':>18}{'p50 ms':>14}{'p99 ms':>14}{'p99/p50':>9}"
        f"{'CPU us':>14}"
    )
    for name, rounds in found.items():
        ours, bare = [each.ours for each in rounds], [each.bare for each in rounds]
        ratios = [each.ratio for each in rounds]
        spread = median(load.p99 / load.p50 for load in ours)
        typer.echo(
            f"{name:15}"
            + pair(median(load.rate for load in ours), median(load.rate for load in bare))
            + f"{median(ratios):6.3f} ({min(ratios):.2f}-{max(ratios):.2f})"
            + pair(median(load.p50 for load in ours), median(load.p50 for load in bare), 1)
            + pair(median(load.p99 for load in ours), median(load.p99 for load in bare), 1)
            + f"{spread:9.1f}"
            + pair(median(load.cpu for load in ours), median(load.cpu for load in bare))
        )
        floor, goal = FLOORS[name]
        if median(ratios) < floor:
            yield f"{name}: {median(ratios):.3f} of the bare server; the floor is {floor}."
        elif median(ratios) < goal:
            typer.echo(f"{'':15}below the goal of {goal:.2f}")
        if spread > MAX_P99:
            yield f"{name}: p99 is {spread:.1f} times p50; {MAX_P99:.0f} are the bound."
        if failed := sum(load.failed for load in (*ours, *bare)):
            yield f"{name}: {failed} requests failed."


def pair(ours: float, bare: float, digits: int = 0) -> str:
    """Our figure, and that of the bare server."""
    return f"{ours:8.{digits}f}/{bare:<5.{digits}f}"


def measure_start(servers: Servers, token: str) -> Iterator[str]:
    """Print how long the service takes to its first answer, and its memory; what is wrong."""
    durations, sizes = [], []
    for _ in range(3):
        port = free_port()
        began = time.perf_counter()
        with servers.serve(*SERVE, port=port, asked=ME, token=token) as server:
            durations.append(time.perf_counter() - began)
            sizes.append(server.resident_megabytes())
    start, size = median(durations), median(sizes)
    typer.echo(f"From start to the first answer: {start:.2f} s. Idle: {size:.0f} MB.")
    if start > MAX_START_SECONDS:
        yield f"It starts in {start:.2f} s; {MAX_START_SECONDS} are the bound."
    if size > MAX_IDLE_MEGABYTES:
        yield f"It holds {size:.0f} MB idle; {MAX_IDLE_MEGABYTES:.0f} are the bound."


def measure_workers(servers: Servers, token: str, *, seconds: float) -> Iterator[str]:
    """Print what a second worker process adds to the cost of a request; what is wrong."""
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
        yield f"Two workers cost {two / one:.2f} times one; {MAX_CPU_OF_TWO_WORKERS} is the bound."


def profile(servers: Servers, call: Call, token: str, *, seconds: float) -> None:
    """Print how much of the service's own time each part takes for a call."""
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
    rounds: Annotated[int, typer.Option(min=1, help="How often the servers take turns.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="How long each turn is.")] = 3,
    server: Annotated[str, typer.Option(help="PostgreSQL.")] = "postgresql://root@127.0.0.1",
    profiled: Annotated[
        bool, typer.Option("--profile", help="Only tell where the time goes.")
    ] = False,
) -> None:
    """Compare the service with a bare server."""
    faults: list[str] = []
    with open_servers(server) as servers, servers.serve(*SERVE) as ours:
        token = ours.log_in()
        calls = [ME]
        # example begins
        tasks = make_project(ours, token)
        new = {"title": "Oil the mill", "description": "Before the winter.", "priority": 2}
        calls.append(Call("GET tasks, 50", "GET", f"{tasks}?limit=50"))
        calls.append(Call("POST task", "POST", tasks, new))
        # example ends
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
        sys.exit("\n".join(["Not as it should be:", *faults]))


if __name__ == "__main__":
    typer.run(main)
