"""What a storm of log-ins leaves to everyone else: `python -m benchmarks.login_storm` (Linux).

Calm: four clients read `/users/me`, each again as soon as it is answered, so that the event loop
has no idle moment. Storm: the same while 64 log-ins are in flight all the time. Calm and storm take
turns, because the speed of a shared machine drifts, and each storm is compared with its own calm.

What the ratio contains: everything that log-ins cost, inside the server or not. The clients are
processes of their own, yet on two processors they, the database, the event loop and the hash thread
share both. Reads lose time to the hashes, to the work of log-ins on the event loop, to waiting for
the GIL and to the clients; with more processors they lose less. The network is not in it.

It exits with 1 if a bound is broken or a request fails.

`DATABASE_URL` says where, and the users stay there; without it, it is an SQLite file for one run.
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
"""From the first log-ins to the first reads of a storm."""
ANSWER_SECONDS = 30.0
START_SECONDS = 20.0
STOP_SECONDS = 15.0

MIN_KEPT = 0.6
"""Of the calm's rate, in the storm."""
MAX_SLOWER = 5.0
"""Times the calm's p99."""
MAX_MEGABYTES = 250


@dataclass(frozen=True)
class Call:
    """A request that can be made over and over."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None


@dataclass(frozen=True)
class Answer:
    """How a call ended: with a status, or with the name of an error."""

    outcome: str
    seconds: float
    finished: float
    """Seconds after the load began."""


@dataclass(frozen=True)
class Load:
    """What became of the calls that clients made for so many seconds."""

    seconds: float
    answers: list[Answer]

    @property
    def rate(self) -> float:
        """Good answers a second; the last ones come when the time is over, and do not count."""
        return sum(answer.finished <= self.seconds for answer in self._good) / self.seconds

    @property
    def p50(self) -> float:
        """Milliseconds in which half of the good answers came."""
        return self._percentile(50)

    @property
    def p99(self) -> float:
        """Milliseconds in which 99 of 100 good answers came."""
        return self._percentile(99)

    @property
    def failures(self) -> Counter[str]:
        """How often each outcome came that is not good."""
        return Counter(answer.outcome for answer in self.answers if answer.outcome != "200")

    @property
    def _good(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.outcome == "200"]

    def _percentile(self, percent: int) -> float:
        durations = [answer.seconds * 1000 for answer in self._good]
        return quantiles(durations, n=100)[percent - 1] if len(durations) > 1 else math.inf


@dataclass(frozen=True)
class Round:
    """Reads in a calm, reads in the storm that followed it, and that storm's log-ins."""

    calm: Load
    storm: Load
    log_ins: Load


class Server:
    """The service, in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self._process = process

    def ask(self, call: Call) -> bytes:
        """The body of a good answer; any other ends the benchmark."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_SECONDS)
        connection.request(call.method, call.path, call.body, call.headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status >= 400:
            sys.exit(f"{call.method} {call.path} was answered {response.status}: {body.decode()}")
        return body

    def is_ready_in_time(self) -> bool:
        """Whether the service can work soon enough."""
        give_up = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < give_up:
            with suppress(OSError):
                self.ask(Call("GET", "/readyz"))
                return True
            time.sleep(0.1)
        return False

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def megabytes(self, name: str) -> int:
        """`VmRSS`: resident now; `VmHWM`: the most that ever was (proc_pid_status(5))."""
        fields = Path(f"/proc/{self._process.pid}/status").read_text().split()
        return int(fields[fields.index(f"{name}:") + 1]) * 1024 // 1_000_000


@contextmanager
def serve() -> Iterator[Server]:
    """The service on a migrated database, in a temporary working directory."""
    url = os.environ.get("DATABASE_URL", "sqlite:///login_storm_test.db")
    if not url.removesuffix(".db").endswith("_test"):
        sys.exit("The benchmark fills its database: DATABASE_URL has to end in '_test'.")
    # Nothing else of the caller's environment: every other setting has its default.
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
            sys.exit("The database cannot be migrated.")
        server = Server(start("serve", "--host", HOST, "--port", str(port)), port)
        try:
            if not server.is_ready_in_time():
                sys.exit(f"The service does not start:\n{Path(log.name).read_text()}")
            yield server
        finally:
            server.stop()


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def new_log_in(server: Server) -> Call:
    """The log-in of a new user."""
    email = f"{secrets.token_hex(8)}@example.com"
    user = json.dumps({"email": email, "password": PASSWORD})
    server.ask(Call("POST", f"{API}/users", {"Content-Type": "application/json"}, user))
    form = urlencode({"grant_type": "password", "username": email, "password": PASSWORD})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Call("POST", f"{API}/auth/token", headers, form)


def new_read(server: Server) -> Call:
    """What a new user reads who has logged in."""
    token = json.loads(server.ask(new_log_in(server)))["access_token"]
    return Call("GET", f"{API}/users/me", {"Authorization": f"Bearer {token}"})


def run_load(calls: list[Call], *, port: int, seconds: float) -> Load:
    """Be one client for each call, in a thread of its own."""
    client = partial(run_client, port=port, began=time.perf_counter(), seconds=seconds)
    with ThreadPoolExecutor(len(calls)) as clients:
        return Load(seconds, list(chain.from_iterable(clients.map(client, calls))))


def run_client(call: Call, *, port: int, began: float, seconds: float) -> list[Answer]:
    """Make the call on one connection, again whenever it is answered, until the time is over."""
    # Not HTTPX: it would take as much of the processors as the server does.
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
    answers = []
    while (asked := time.perf_counter()) < began + seconds:
        try:
            connection.request(call.method, call.path, call.body, call.headers)
            response = connection.getresponse()
            response.read()
            outcome = str(response.status)
        except (OSError, http.client.HTTPException) as error:
            outcome = type(error).__name__
            connection.close()
        answered = time.perf_counter()
        answers.append(Answer(outcome, answered - asked, answered - began))
    connection.close()
    return answers


def run_rounds(server: Server, *, rounds: int, seconds: float) -> Iterator[Round]:
    """Calm and storm in turns. A storm is over when all its log-ins have been answered."""
    reads = [new_read(server)] * READERS
    log_ins = [new_log_in(server) for _ in range(LOG_INS_IN_FLIGHT)]
    with ProcessPoolExecutor(max_workers=2) as processes:

        def start(calls: list[Call], seconds: float) -> Future[Load]:
            return processes.submit(run_load, calls, port=server.port, seconds=seconds)

        start(reads, RISE_SECONDS).result()  # opens the pool's connections, fills caches
        for _ in range(rounds):
            calm = start(reads, seconds).result()
            storming = start(log_ins, RISE_SECONDS + seconds)
            time.sleep(RISE_SECONDS)
            storm = start(reads, seconds).result()
            yield Round(calm, storm, storming.result())


def report(rounds: list[Round]) -> list[str]:
    """Print medians, and all failures. The bounds that are broken."""
    faults: list[str] = []
    calms = [each.calm for each in rounds]
    storms = [each.storm for each in rounds]
    log_ins = [each.log_ins for each in rounds]
    for name, loads in {"calm": calms, "storm": storms, "log-ins": log_ins}.items():
        rate = median(load.rate for load in loads)
        p50 = median(load.p50 for load in loads)
        p99 = median(load.p99 for load in loads)
        failures = sum((load.failures for load in loads), Counter[str]())
        typer.echo(
            f"{name:8}{rate:6.0f}/s   p50{p50:7.1f} ms   p99{p99:7.1f} ms   "
            f"not 200: {dict(failures) or 'none'}"
        )
    kept = [storm.rate / calm.rate for calm, storm in zip(calms, storms, strict=True)]
    slower = [storm.p99 / calm.p99 for calm, storm in zip(calms, storms, strict=True)]
    typer.echo(f"Reads kept in the storm: {median(kept):.0%} ({min(kept):.0%} to {max(kept):.0%}).")
    typer.echo(f"Their p99: {median(slower):.1f} times that of the calm.")
    if median(kept) < MIN_KEPT:
        faults.append(f"{median(kept):.0%} of the reads are kept; the bound is {MIN_KEPT:.0%}.")
    if median(slower) > MAX_SLOWER:
        faults.append(
            f"Their p99 is {median(slower):.1f} times the calm's; the bound is {MAX_SLOWER:.0f}."
        )
    if failed := sum(load.failures.total() for load in (*calms, *storms, *log_ins)):
        faults.append(f"{failed} requests failed.")
    return faults


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often calm and storm alternate.")] = 4,
    seconds: Annotated[float, typer.Option(min=1, help="How long each is measured.")] = 2,
) -> None:
    """Measure what a storm of log-ins leaves to everyone else."""
    # As Ctrl-C does: the server is stopped before this process ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with serve() as server:
        idle = server.megabytes("VmRSS")
        faults = report(list(run_rounds(server, rounds=rounds, seconds=seconds)))
        highest = server.megabytes("VmHWM")
    typer.echo(f"Server's memory: {idle} MB before the first of them, {highest} MB at most.")
    if highest > MAX_MEGABYTES:
        faults.append(f"It held {highest} MB; {MAX_MEGABYTES} are the bound.")
    if faults:
        sys.exit("\n".join(["Not as it should be:", *faults]))


if __name__ == "__main__":
    typer.run(main)
