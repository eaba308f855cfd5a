"""Comparison of observed responses with the OpenAPI document. A difference fails the tests."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.architecture.project import ROOT
from tests.support.isolation import needs_no_database
from tests.support.observed_responses import (
    NO_CONTENT,
    PROBLEM,
    UNDECLARED,
    UNOBSERVED,
    ObservedResponses,
    ResponseKind,
    declared_responses,
)

pytestmark = needs_no_database

JSON = {"description": "", "content": {"application/json": {}}}
EMPTY = {"description": ""}


def error_response(*codes: str) -> dict[str, Any]:
    """Return a response object of the document that lists these error codes."""
    description = "\n\n".join(f"`{code}`: The `reason`." for code in codes)
    return {"description": description, "content": {PROBLEM: {}}}


DOCUMENT = {
    "paths": {
        "/things/first": {"get": {"responses": {"200": JSON}}},
        "/things/{thing_id}": {
            "get": {"responses": {"200": JSON, "404": error_response("gone", "never_was")}},
            "delete": {"responses": {"204": EMPTY, "413": error_response("body_too_large")}},
        },
    }
}
READ = "GET /things/{thing_id}"
DELETE = "DELETE /things/{thing_id}"


async def observe(
    observed: ObservedResponses, request: str, response: Response, *, routed: bool = True
) -> None:
    """Send a request whose response is observed, either from a route or from a middleware."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if routed:
            scope["endpoint"] = app
        await response(scope, receive, send)

    method, path = request.split()
    transport = ASGITransport(observed.observe(app))
    async with AsyncClient(transport=transport, base_url="http://t") as client:
        assert (await client.request(method, path)).content == response.body


def problem(status: int, code: str) -> Response:
    return Response(f'{{"code": "{code}"}}', status, media_type=PROBLEM)


def test_each_status_is_declared_with_each_of_its_codes_or_media_types() -> None:
    assert set(declared_responses(DOCUMENT)) == {
        ResponseKind("GET /things/first", 200, "application/json"),
        ResponseKind(READ, 200, "application/json"),
        ResponseKind(READ, 404, "`gone`"),
        ResponseKind(READ, 404, "`never_was`"),
        ResponseKind(DELETE, 204, NO_CONTENT),
        ResponseKind(DELETE, 413, "`body_too_large`"),
    }


@pytest.mark.parametrize(
    ("response", "reported"),
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
async def test_an_undeclared_response_is_reported(response: Response, reported: str) -> None:
    observed = ObservedResponses(DOCUMENT)

    await observe(observed, "GET /things/1", response)

    assert list(observed.failures(whole=False)) == [f"{READ}: {reported}: {UNDECLARED}"]


async def test_a_response_that_was_never_observed_is_reported_after_a_complete_run() -> None:
    observed = ObservedResponses(DOCUMENT)

    await observe(observed, "GET /things/first", Response("{}", media_type="application/json"))
    await observe(observed, "GET /things/1", problem(404, "gone"))
    await observe(observed, "DELETE /things/first", Response(status_code=204))

    assert list(observed.failures(whole=False)) == []
    assert list(observed.failures(whole=True)) == [
        f"{DELETE}: 413 `body_too_large`: {UNOBSERVED}",
        f"{READ}: 200 application/json: {UNOBSERVED}",
        f"{READ}: 404 `never_was`: {UNOBSERVED}",
    ]


async def test_an_error_before_routing_is_observed_only_where_it_is_declared() -> None:
    observed = ObservedResponses(DOCUMENT)

    for request in ("DELETE /things/1", "GET /things/1"):
        await observe(observed, request, problem(413, "body_too_large"), routed=False)

    assert observed.observed == {ResponseKind(DELETE, 413, "`body_too_large`")}


@pytest.mark.parametrize("request_line", ["GET /things", "GET /things/1/2", "PUT /things/1"])
async def test_a_response_outside_of_all_operations_is_ignored(request_line: str) -> None:
    observed = ObservedResponses(DOCUMENT)

    await observe(observed, request_line, problem(418, "teapot"))

    assert observed.observed == set()


# Imports little, because each of the tests below starts pytest again.
CONFTEST = f"""
import pytest
from tests.support.observed_responses import ObservedResponses, ResponseKind

RESPONSES = ObservedResponses({DOCUMENT!r})

def pytest_configure(config):
    config.pluginmanager.register(RESPONSES)

@pytest.fixture
def kind():
    return lambda code: RESPONSES.observed.add(ResponseKind({READ!r}, 404, f"`{{code}}`"))
"""
SUITE = {
    "pytest.ini": "[pytest]\ntestpaths = .\naddopts = -p no:cacheprovider",
    "conftest.py": CONFTEST,
    "test_gone.py": "def test_gone(kind):\n    kind('gone')",
    "test_unknown.py": "def test_unknown(kind):\n    kind('unknown')",
}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Write a suite in which one test gets an undeclared response, and return its directory."""
    for name, content in SUITE.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def run(suite: Path, *arguments: str) -> tuple[int, set[str]]:
    """Return the exit status of the suite and its lines about responses."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    # Otherwise, pytest would act as a worker of the outer run.
    for name in [name for name in environment if name.startswith("PYTEST_XDIST")]:
        del environment[name]
    command = [sys.executable, "-m", "pytest", *arguments]
    finished = subprocess.run(
        command, cwd=suite, env=environment, capture_output=True, text=True, check=False
    )
    reported_lines = {
        line for line in finished.stdout.splitlines() if line.endswith((UNDECLARED, UNOBSERVED))
    }
    return finished.returncode, reported_lines


UNKNOWN = f"{READ}: 404 `unknown`: {UNDECLARED}"
NEVER_WAS = f"{READ}: 404 `never_was`: {UNOBSERVED}"


@pytest.mark.parametrize("arguments", [[], ["-p", "xdist", "-n", "2"]], ids=["alone", "workers"])
def test_a_complete_run_fails_for_undeclared_and_for_unobserved_responses(
    suite: Path, arguments: list[str]
) -> None:
    status, reported_lines = run(suite, *arguments)

    assert status == 1
    assert {UNKNOWN, NEVER_WAS} < reported_lines
    assert f"{READ}: 404 `gone`: {UNOBSERVED}" not in reported_lines


@pytest.mark.parametrize("arguments", [["test_unknown.py"], ["-k", "unknown"]], ids=str)
def test_a_partial_run_fails_only_for_undeclared_responses(
    suite: Path, arguments: list[str]
) -> None:
    assert run(suite, *arguments) == (1, {UNKNOWN})


@pytest.mark.parametrize(
    "arguments", [["--deselect", "test_unknown.py"], ["--collect-only"]], ids=str
)
def test_a_partial_run_with_only_declared_responses_passes(
    suite: Path, arguments: list[str]
) -> None:
    assert run(suite, *arguments) == (0, set())


def test_a_run_with_a_failed_test_does_not_report_unobserved_responses(suite: Path) -> None:
    (suite / "test_unknown.py").write_text("def test_unknown():\n    assert False")

    assert run(suite) == (1, set())
