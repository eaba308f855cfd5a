"""Stability of the service under long load: `python -m benchmarks.soak`.

It needs Linux, PostgreSQL, and `wrk` on the PATH. First 32 connections send requests without a
pause. Then, for the given number of minutes, they wait between requests, so that the rate is 70 %
of the first. Each minute prints the failures, the 99th percentile and the memory at its end.

The command exits with 1 if a request fails, or if memory grows by more than 5 % after the first
minute.
"""

import sys
from typing import Annotated

import typer

from benchmarks.calls import create_calls
from benchmarks.servers import CONNECTIONS, SERVE, open_servers

SHARE = 0.7
MAX_GROWTH = 0.05


def main(
    minutes: Annotated[int, typer.Option(min=2, help="Duration in minutes.")] = 10,
    server: Annotated[str, typer.Option(help="PostgreSQL URL.")] = "postgresql://root@127.0.0.1",
) -> None:
    """Run the service at 70 % of its maximum rate, and print its failures and memory."""
    sizes: list[float] = []
    failed = 0
    with open_servers(server) as servers, servers.serve(*SERVE) as service:
        token = service.log_in()
        calls = create_calls(service, token)
        most = service.load(calls, token, seconds=10)
        # Each connection starts a request every `interval` milliseconds. The share of it that the
        # request takes is corrected every minute.
        interval = CONNECTIONS / (SHARE * most.rate) * 1000
        delay = interval - most.p50 / 2
        for minute in range(1, minutes + 1):
            load = service.load(calls, service.log_in(), seconds=60, delay_ms=delay)
            sizes.append(service.resident_megabytes())
            failed += load.failed
            typer.echo(
                f"minute {minute:3}: {load.rate:5.0f} requests/s, {load.rate / most.rate:.0%} "
                f"of the maximum, {load.failed} failed, p99 {load.p99:.0f} ms, {sizes[-1]:.0f} MB"
            )
            delay = max(1.0, delay + interval - CONNECTIONS / load.rate * 1000)
    growth = max(sizes) / sizes[0] - 1
    typer.echo(f"Memory grew by {growth:.1%} after the first minute.")
    if failed or growth > MAX_GROWTH:
        sys.exit(
            f"{failed} requests failed, and memory grew by {growth:.1%}; "
            f"the maxima are 0 and {MAX_GROWTH:.0%}."
        )


if __name__ == "__main__":
    typer.run(main)
