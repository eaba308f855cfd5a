"""Effect of a burst of log-ins on other requests: `python -m benchmarks.login_burst` (Linux).

Baseline: four clients read `/users/me` without a pause, so that the event loop is never idle.
Burst: the same while 64 log-ins are in flight all the time. Baseline and burst alternate, because
the speed of a shared machine drifts, and each burst is compared with the baseline before it.

The ratio includes all costs of log-ins, inside the server or not. The clients are separate
processes, but on two processors they, the database, the event loop and the hash thread share both.
Reads lose time to the hashes, to the work of log-ins on the event loop, to waiting for the GIL and
to the clients; with more processors they lose less. The network is not included.

The command exits with 1 if a bound is exceeded or a request fails.

It adds users to the database at `DATABASE_URL`, by default an SQLite file that is deleted.
"""

import http.client
import json
import math
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated
from urllib.parse import urlencode

import typer

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
API = "/api/v1"
PASSWORD = "correct horse battery staple"  # noqa: S105 -- guards nothing

READERS = 4
LOG_INS_IN_FLIGHT = 64
RISE_SECONDS = 1.0
"""Time from the first log-ins to the first reads of a burst, in seconds."""
ANSWER_SECONDS = 30.0
START_SECONDS = 20.0
STOP_SECONDS = 15.0

MIN_KEPT = 0.6
"""Minimum rate of reads in a burst, as a share of the baseline's."""
MAX_SLOWER = 5.0
"""Maximum p99 of reads in a burst, as a multiple of the baseline's."""
MAX_MEGABYTES = 250


@dataclass(frozen=True)
class Call:
    """Request that can be sent repeatedly."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None


@dataclass(frozen=True)
class Result:
    """Outcome of a call."""

    outcome: str
    """Status, or the name of an exception."""
    seconds: float
    finished: float
    """Time since the begin of the load, in seconds."""


@dataclass(frozen=True)
class Load:
    """Outcomes of the calls that clients made in a number of seconds."""

    seconds: float
    results: list[Result]

    @property
    def rate(self) -> float:
        """Successful calls per second, without those that ended after the given time."""
        return sum(result.finished <= self.seconds for result in self._good) / self.seconds

    @property
    def p50(self) -> float:
        """Median duration of the successful calls, in milliseconds."""
        return self._percentile(50)

    @property
    def p99(self) -> float:
        """99th percentile of the duration of the successful calls, in milliseconds."""
        return self._percentile(99)

    @property
    def failures(self) -> Counter[str]:
        """Number of failed calls by outcome."""
        return Counter(result.outcome for result in self.results if result.outcome != "200")

    @property
    def _good(self) -> list[Result]:
        return [result for result in self.results if result.outcome == "200"]

    def _percentile(self, percent: int) -> float:
        durations = [result.seconds * 1000 for result in self._good]
        return quantiles(durations, n=100)[percent - 1] if len(durations) > 1 else math.inf


@dataclass(frozen=True)
class Round:
    """Loads of one round: reads in a baseline, reads and log-ins in the following burst."""

    baseline: Load
    burst: Load
    log_ins: Load


class Server:
    """Process of the service."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self._process = process

    def ask(self, call: Call) -> bytes:
        """Send the request and return the response body. End the benchmark on an error."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_SECONDS)
        connection.request(call.method, call.path, call.body, call.headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status >= 400:
            sys.exit(f"{call.method} {call.path} returned {response.status}: {body.decode()}")
        return body

    def is_ready_in_time(self) -> bool:
        """Return True if the service is ready within START_SECONDS."""
        give_up = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < give_up:
            with suppress(OSError):
                self.ask(Call("GET", "/readyz"))
                return True
            time.sleep(0.1)
        return False

    def stop(self) -> None:
        """Stop the process."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def megabytes(self, name: str) -> int:
        """Return the current (`VmRSS`) or peak (`VmHWM`) resident memory of the process, in MB.

        See proc_pid_status(5).
        """
        fields = Path(f"/proc/{self._process.pid}/status").read_text().split()
        return int(fields[fields.index(f"{name}:") + 1]) * 1024 // 1_000_000


@contextmanager
def serve() -> Iterator[Server]:
    """Run the service on a migrated database, in a temporary working directory."""
    url = os.environ.get("DATABASE_URL", "sqlite:///login_burst_test.db")
    if not url.removesuffix(".db").endswith("_test"):
        sys.exit("DATABASE_URL must end in '_test', because the benchmark fills the database.")
    # Pass on nothing else of the environment, so that all other settings have their defaults.
    environment = {
        "PYTHONPATH": str(ROOT),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": url,
        "LIMITS_ENABLED": "false",
    }
    port = free_port()
    with tempfile.TemporaryDirectory() as directory, Path(directory, "log").open("wb") as log:

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "app", *arguments]
            return subprocess.Popen(command, cwd=directory, env=environment, stdout=log)  # noqa: S603 -- ours

        if start("migrate").wait() != 0:
            sys.exit("Migrating the database failed.")
        server = Server(start("serve", "--host", HOST, "--port", str(port)), port)
        try:
            if not server.is_ready_in_time():
                sys.exit(f"The service did not start:\n{Path(log.name).read_text()}")
            yield server
        finally:
            server.stop()


def free_port() -> int:
    """Return a port on which no process listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def new_log_in(server: Server) -> Call:
    """Register a user, and return the call that logs them in."""
    email = f"{secrets.token_hex(8)}@example.com"
    user = json.dumps({"email": email, "password": PASSWORD})
    server.ask(Call("POST", f"{API}/users", {"Content-Type": "application/json"}, user))
    form = urlencode({"grant_type": "password", "username": email, "password": PASSWORD})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Call("POST", f"{API}/auth/token", headers, form)


def new_read(server: Server) -> Call:
    """Register a user and log them in, and return the call that reads their account."""
    token = json.loads(server.ask(new_log_in(server)))["access_token"]
    return Call("GET", f"{API}/users/me", {"Authorization": f"Bearer {token}"})


def run_load(calls: list[Call], *, port: int, seconds: float) -> Load:
    """Run one client for each call, in a thread of its own."""
    client = partial(run_client, port=port, began=time.perf_counter(), seconds=seconds)
    with ThreadPoolExecutor(len(calls)) as clients:
        return Load(seconds, list(chain.from_iterable(clients.map(client, calls))))


def run_client(call: Call, *, port: int, began: float, seconds: float) -> list[Result]:
    """Send the call on one connection until the time is over."""
    # HTTPX would use as much processor time as the server.
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
    results = []
    while (sent := time.perf_counter()) < began + seconds:
        try:
            connection.request(call.method, call.path, call.body, call.headers)
            response = connection.getresponse()
            response.read()
            outcome = str(response.status)
        except (OSError, http.client.HTTPException) as error:
            outcome = type(error).__name__
            connection.close()
        received = time.perf_counter()
        results.append(Result(outcome, received - sent, received - began))
    connection.close()
    return results


def run_rounds(server: Server, *, rounds: int, seconds: float) -> Iterator[Round]:
    """Run baseline and burst alternately. A burst ends when all its log-ins have ended."""
    reads = [new_read(server)] * READERS
    log_ins = [new_log_in(server) for _ in range(LOG_INS_IN_FLIGHT)]
    with ProcessPoolExecutor(max_workers=2) as processes:

        def start(calls: list[Call], seconds: float) -> Future[Load]:
            return processes.submit(run_load, calls, port=server.port, seconds=seconds)

        start(reads, RISE_SECONDS).result()  # opens the pool's connections, fills caches
        for _ in range(rounds):
            baseline = start(reads, seconds).result()
            bursting = start(log_ins, RISE_SECONDS + seconds)
            time.sleep(RISE_SECONDS)
            burst = start(reads, seconds).result()
            yield Round(baseline, burst, bursting.result())


def report(rounds: list[Round]) -> list[str]:
    """Print medians and all failures, and return a line for each exceeded bound."""
    faults: list[str] = []
    baselines = [finished.baseline for finished in rounds]
    bursts = [finished.burst for finished in rounds]
    log_ins = [finished.log_ins for finished in rounds]
    for name, loads in {"baseline": baselines, "burst": bursts, "log-ins": log_ins}.items():
        rate = median(load.rate for load in loads)
        p50 = median(load.p50 for load in loads)
        p99 = median(load.p99 for load in loads)
        failures = sum((load.failures for load in loads), Counter[str]())
        typer.echo(
            f"{name:9}{rate:6.0f}/s   p50{p50:7.1f} ms   p99{p99:7.1f} ms   "
            f"not 200: {dict(failures) or 'none'}"
        )
    kept = [burst.rate / base.rate for base, burst in zip(baselines, bursts, strict=True)]
    slower = [burst.p99 / base.p99 for base, burst in zip(baselines, bursts, strict=True)]
    typer.echo(
        f"Rate of reads in the burst: {median(kept):.0%} of the baseline "
        f"({min(kept):.0%} to {max(kept):.0%})."
    )
    typer.echo(f"p99 of reads in the burst: {median(slower):.1f} times the baseline.")
    if median(kept) < MIN_KEPT:
        faults.append(f"The rate of reads is {median(kept):.0%}; the minimum is {MIN_KEPT:.0%}.")
    if median(slower) > MAX_SLOWER:
        faults.append(
            f"The p99 of reads is {median(slower):.1f} times the baseline; "
            f"the maximum is {MAX_SLOWER:.0f}."
        )
    if failed := sum(load.failures.total() for load in (*baselines, *bursts, *log_ins)):
        faults.append(f"{failed} requests failed.")
    return faults


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Number of baselines and bursts.")] = 4,
    seconds: Annotated[float, typer.Option(min=1, help="Seconds of each measurement.")] = 2,
) -> None:
    """Measure the effect of a burst of log-ins on other requests."""
    # Handle SIGTERM like Ctrl-C, so that the server is stopped before this process ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with serve() as server:
        idle = server.megabytes("VmRSS")
        faults = report(list(run_rounds(server, rounds=rounds, seconds=seconds)))
        highest = server.megabytes("VmHWM")
    typer.echo(f"Memory of the server: {idle} MB before the first baseline, {highest} MB at most.")
    if highest > MAX_MEGABYTES:
        faults.append(f"The server used {highest} MB; the maximum is {MAX_MEGABYTES} MB.")
    if faults:
        sys.exit("\n".join(["Bounds are exceeded:", *faults]))


if __name__ == "__main__":
    typer.run(main)
