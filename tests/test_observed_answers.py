"""What operations answer is compared with what the document tells; a difference fails the suite."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.architecture.rules import ROOT
from tests.observed_answers import (
    NO_CONTENT,
    PROBLEM,
    UNDECLARED,
    UNOBSERVED,
    Answer,
    ObservedAnswers,
    declared_answers,
)

JSON = {"description": "", "content": {"application/json": {}}}
EMPTY = {"description": ""}


def refusal(*codes: str) -> dict[str, Any]:
    """A response that tells these codes."""
    description = "\n\n".join(f"`{code}`: It says `why`." for code in codes)
    return {"description": description, "content": {PROBLEM: {}}}


DOCUMENT = {
    "paths": {
        "/things/first": {"get": {"responses": {"200": JSON}}},
        "/things/{thing_id}": {
            "get": {"responses": {"200": JSON, "404": refusal("gone", "never_was")}},
            "delete": {"responses": {"204": EMPTY, "413": refusal("body_too_large")}},
        },
    }
}
READ = "GET /things/{thing_id}"
DELETE = "DELETE /things/{thing_id}"


async def observe(
    answers: ObservedAnswers,
    request: str,
    response: Response,
    *,
    routed: bool = True,
) -> None:
    """Have the response observed, as one of a route or of what stands before all routes."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if routed:
            scope["endpoint"] = app
        await response(scope, receive, send)

    method, path = request.split()
    transport = ASGITransport(answers.observe(app))
    async with AsyncClient(transport=transport, base_url="http://t") as client:
        assert (await client.request(method, path)).content == response.body


def problem(status: int, code: str) -> Response:
    """A problem document, as far as it matters."""
    return Response(f'{{"code": "{code}"}}', status, media_type=PROBLEM)


def test_each_status_is_declared_with_each_of_its_codes_or_media_types() -> None:
    assert set(declared_answers(DOCUMENT)) == {
        Answer("GET /things/first", 200, "application/json"),
        Answer(READ, 200, "application/json"),
        Answer(READ, 404, "`gone`"),
        Answer(READ, 404, "`never_was`"),
        Answer(DELETE, 204, NO_CONTENT),
        Answer(DELETE, 413, "`body_too_large`"),
    }


@pytest.mark.parametrize(
    ("response", "told"),
    [
        (Response("{}", 201, media_type="application/json"), "201 application/json"),
        (Response("{}", 200, media_type="text/plain"), "200 text/plain"),
        (Response(None, 200, media_type="application/json"), "200 no content"),
        (problem(409, "gone"), "409 `gone`"),
        (problem(404, "not_found"), "404 `not_found`"),
        (Response("{}", 404, media_type="application/json"), "404 application/json"),
    ],
    ids=["status", "media type", "no content", "status of a problem", "code", "no problem"],
)
async def test_what_is_answered_but_not_declared_is_told(response: Response, told: str) -> None:
    answers = ObservedAnswers(DOCUMENT)

    await observe(answers, "GET /things/1", response)

    assert list(answers.failures(whole=False)) == [f"{READ}: {told}: {UNDECLARED}"]


async def test_what_is_declared_but_never_answered_is_told_after_a_whole_run() -> None:
    answers = ObservedAnswers(DOCUMENT)

    await observe(answers, "GET /things/first", Response("{}", media_type="application/json"))
    await observe(answers, "GET /things/1", problem(404, "gone"))
    await observe(answers, "DELETE /things/first", Response(status_code=204))

    assert list(answers.failures(whole=False)) == []
    assert list(answers.failures(whole=True)) == [
        f"{DELETE}: 413 `body_too_large`: {UNOBSERVED}",
        f"{READ}: 200 application/json: {UNOBSERVED}",
        f"{READ}: 404 `never_was`: {UNOBSERVED}",
    ]


async def test_what_is_refused_before_any_route_counts_where_it_is_declared() -> None:
    answers = ObservedAnswers(DOCUMENT)

    for request in ("DELETE /things/1", "GET /things/1"):
        await observe(answers, request, problem(413, "body_too_large"), routed=False)

    assert answers.observed == {Answer(DELETE, 413, "`body_too_large`")}


@pytest.mark.parametrize("request_line", ["GET /things", "GET /things/1/2", "PUT /things/1"])
async def test_what_belongs_to_no_operation_is_left_alone(request_line: str) -> None:
    answers = ObservedAnswers(DOCUMENT)

    await observe(answers, request_line, problem(418, "teapot"))

    assert answers.observed == set()


CONFTEST = """
import asyncio
import pytest
from starlette.responses import Response
from tests.observed_answers import ObservedAnswers
from tests.test_observed_answers import DOCUMENT, observe, problem

ANSWERS = ObservedAnswers(DOCUMENT)

def pytest_configure(config):
    config.pluginmanager.register(ANSWERS)

@pytest.fixture
def answer():
    return lambda code: asyncio.run(observe(ANSWERS, "GET /things/1", problem(404, code)))
"""
SUITE = {
    "pytest.ini": "[pytest]\ntestpaths = .\naddopts = -p no:cacheprovider",
    "conftest.py": CONFTEST,
    "test_gone.py": "def test_gone(answer):\n    answer('gone')",
    "test_unknown.py": "def test_unknown(answer):\n    answer('unknown')",
}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite, one of whose tests is answered what is not declared."""
    for name, content in SUITE.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def run(suite: Path, *arguments: str) -> tuple[int, set[str]]:
    """The exit status of the suite, and what it says of answers."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    # As if no worker of another run had started it.
    for name in [name for name in environment if name.startswith("PYTEST_XDIST")]:
        del environment[name]
    command = [sys.executable, "-m", "pytest", *arguments]
    finished = subprocess.run(
        command, cwd=suite, env=environment, capture_output=True, text=True, check=False
    )
    said = {
        line for line in finished.stdout.splitlines() if line.endswith((UNDECLARED, UNOBSERVED))
    }
    return finished.returncode, said


UNKNOWN = f"{READ}: 404 `unknown`: {UNDECLARED}"
NEVER_WAS = f"{READ}: 404 `never_was`: {UNOBSERVED}"


@pytest.mark.parametrize("arguments", [[], ["-p", "xdist", "-n", "2"]], ids=["alone", "workers"])
def test_a_whole_run_fails_for_both(suite: Path, arguments: list[str]) -> None:
    status, said = run(suite, *arguments)

    assert status == 1
    assert {UNKNOWN, NEVER_WAS} < said
    assert f"{READ}: 404 `gone`: {UNOBSERVED}" not in said


@pytest.mark.parametrize("arguments", [["test_unknown.py"], ["-k", "unknown"]], ids=str)
def test_a_part_fails_for_what_is_not_declared_only(suite: Path, arguments: list[str]) -> None:
    assert run(suite, *arguments) == (1, {UNKNOWN})


@pytest.mark.parametrize(
    "arguments", [["--deselect", "test_unknown.py"], ["--collect-only"]], ids=str
)
def test_a_part_that_is_answered_only_what_is_declared_passes(
    suite: Path, arguments: list[str]
) -> None:
    assert run(suite, *arguments) == (0, set())


def test_a_run_that_fails_is_not_told_what_it_has_not_seen(suite: Path) -> None:
    (suite / "test_unknown.py").write_text("def test_unknown():\n    assert False")

    assert run(suite) == (1, set())
