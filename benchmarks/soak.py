"""Whether the service stays as it is under load: `python -m benchmarks.soak` (Linux, PostgreSQL,
`wrk` on the PATH).

First 32 connections ask as fast as they are answered. Then, for so many minutes, they wait between
requests, so that the rate is 70 % of that. Each minute tells its failures, its 99th percentile and
the memory that the service holds at its end.

It exits with 1 if a request fails, or memory grows by more than 5 % after the first minute.
"""

import sys
from typing import Annotated

import typer

from benchmarks.servers import (
    CONNECTIONS,
    SERVE,
    Call,  # example
    make_project,  # example
    open_servers,
)
from benchmarks.throughput import ME

SHARE = 0.7
MAX_GROWTH = 0.05


def main(
    minutes: Annotated[int, typer.Option(min=2, help="How long.")] = 10,
    server: Annotated[str, typer.Option(help="PostgreSQL.")] = "postgresql://root@127.0.0.1",
) -> None:
    """Serve at 70 % of the most, and watch."""
    sizes: list[float] = []
    failed = 0
    with open_servers(server) as servers, servers.serve(*SERVE) as service:
        token = service.log_in()
        calls = [ME]
        # example begins
        tasks = make_project(service, token)
        calls.append(Call("GET tasks, 50", "GET", f"{tasks}?limit=50"))
        calls.append(Call("POST task", "POST", tasks, {"title": "Oil the mill"}))
        # example ends
        most = service.load(calls, token, seconds=10)
        # A connection makes a request each so many milliseconds; what the answer takes of them is
        # learned from minute to minute.
        interval = CONNECTIONS / (SHARE * most.rate) * 1000
        delay = interval - most.p50 / 2
        for minute in range(1, minutes + 1):
            load = service.load(calls, service.log_in(), seconds=60, delay_ms=delay)
            sizes.append(service.resident_megabytes())
            failed += load.failed
            typer.echo(
                f"minute {minute:3}: {load.rate:5.0f} requests/s, {load.rate / most.rate:.0%} "
                f"of the most, {load.failed} failed, p99 {load.p99:.0f} ms, {sizes[-1]:.0f} MB"
            )
            delay = max(1.0, delay + interval - CONNECTIONS / load.rate * 1000)
    growth = max(sizes) / sizes[0] - 1
    typer.echo(f"Memory grew by {growth:.1%} after the first minute.")
    if failed or growth > MAX_GROWTH:
        sys.exit(f"Not as it should be: {failed} failed, memory grew by {growth:.1%}.")


if __name__ == "__main__":
    typer.run(main)
