"""Comparison of the responses that tests received with those that the OpenAPI document declares.

A pytest plugin: `tests/conftest.py` registers it, and its clients go through `observe`. Workers of
pytest-xdist send the responses they observed to the main process. The suite fails if a response is
not declared or, after a run of the whole suite, if a declared response was not observed.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROBLEM = "application/problem+json"
NO_CONTENT = "no content"
UNDECLARED = (
    "declare it in `error_responses(...)` of the route, as `delete_user` in app/accounts/router.py"
)
UNOBSERVED = "no test receives this response: write a test, or remove the declaration"
WORKER_OUTPUT = "observed_responses"
SELECTIONS = (
    "keyword", "markexpr", "deselect", "ignore", "ignore_glob",
    "collectonly", "setuponly", "setupplan", "showfixtures", "show_fixtures_per_test",
)  # fmt: skip
"""Options of pytest that select a part of the suite."""


class ResponseKind(NamedTuple):
    """Kind of response of an operation."""

    operation: str
    """Method and path of the operation, such as `GET /users/{user_id}`."""
    status: int
    content: str
    """Error code in backquotes for a problem document, otherwise the media type or NO_CONTENT."""

    def __str__(self) -> str:
        return f"{self.operation}: {self.status} {self.content}"


def declared_responses(document: dict[str, Any]) -> Iterator[ResponseKind]:
    """Yield all responses that the document declares."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                for content in _contents(response):
                    yield ResponseKind(f"{method.upper()} {path}", int(status), content)


def _contents(response: dict[str, Any]) -> Iterator[str]:
    for media_type in response.get("content", [NO_CONTENT]):
        if media_type == PROBLEM:
            yield from re.findall(r"(?m)^(`[a-z_]+`): ", response["description"])
        else:
            yield media_type


class ObservedResponses:
    """Pytest plugin that compares observed responses with an OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.declared = {*declared_responses(document)}
        self.observed: set[ResponseKind] = set()
        self._failures: list[str] = []
        self._templates = [
            (method.upper(), re.compile(re.sub(r"{\w+}", "[^/]+", path)), path)
            for path, methods in document["paths"].items()
            for method in methods
        ]

    def observe(self, app: ASGIApp) -> ASGIApp:
        """Return the application, wrapped so that its responses are recorded."""

        async def observed(scope: Scope, receive: Receive, send: Send) -> None:
            status, headers, body = 0, Headers(), b""

            async def send_observed(message: Message) -> None:
                nonlocal status, headers, body
                if message["type"] == "http.response.start":
                    status, headers = message["status"], Headers(raw=message["headers"])
                body += message.get("body", b"")
                await send(message)

            await app(scope, receive, send_observed)
            self._note(scope, status, headers, body)

        return observed

    def _note(self, scope: Scope, status: int, headers: Headers, body: bytes) -> None:
        operation = self._operation(scope)
        if operation is None:
            return
        # Ignore the media type of an empty body, because FastAPI sets one for 204 too.
        content = headers["Content-Type"].partition(";")[0] if body else NO_CONTENT
        if content == PROBLEM:
            content = f"`{json.loads(body)['code']}`"
        kind = ResponseKind(operation, status, content)
        # The operation need not declare errors that middleware returns before routing.
        if "endpoint" in scope or kind in self.declared:
            self.observed.add(kind)

    def _operation(self, scope: Scope) -> str | None:
        """Return the first operation in the document that matches, as the router does."""
        for method, pattern, path in self._templates:
            if method == scope["method"] and pattern.fullmatch(scope["path"]):
                return f"{method} {path}"
        return None

    def failures(self, *, whole: bool) -> Iterator[str]:
        """Yield a line for each undeclared response and, if `whole`, for each unobserved one."""
        yield from (f"{kind}: {UNDECLARED}" for kind in sorted(self.observed - self.declared))
        if whole:
            unobserved = sorted(self.declared - self.observed)
            yield from (f"{kind}: {UNOBSERVED}" for kind in unobserved)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the responses that a worker observed. A worker that crashed sends none."""
        sent = getattr(node, "workeroutput", {}).get(WORKER_OUTPUT, [])
        self.observed.update(ResponseKind(*fields) for fields in sent)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send the observed responses from a worker. In the main process, fail on differences."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[WORKER_OUTPUT] = [tuple(kind) for kind in self.observed]
            return
        passed = session.exitstatus == pytest.ExitCode.OK
        self._failures = [*self.failures(whole=passed and takes_all(session.config))]
        if self._failures and passed:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._failures:
            terminalreporter.section("responses differ from the document (article 16)", red=True)
            for failure in self._failures:
                terminalreporter.line(failure)


def takes_all(config: pytest.Config) -> bool:
    """Return True if the command line does not select a part of the suite."""
    chosen = any(config.getoption(name, None) for name in SELECTIONS)
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not chosen
