"""What the operations have answered while the suite ran, against what the document tells of them.

A pytest plugin: `tests/conftest.py` registers it, and its clients go through `observe`. The
workers of pytest-xdist hand in what they have seen; the suite fails if anything was answered that
is not declared or, when all of it ran, if anything is declared that no test has been answered.
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
UNDECLARED = "declare it in `refusals(...)` of the route, as `delete_user` in app/routers/users.py"
UNOBSERVED = "no test is answered so: write one, or do not declare it"
WORKER_OUTPUT = "observed_answers"
SELECTIONS = (
    "keyword", "markexpr", "deselect", "ignore", "ignore_glob",
    "collectonly", "setuponly", "setupplan", "showfixtures", "show_fixtures_per_test",
)  # fmt: skip
"""Options of pytest with which less than the suite runs."""


class Answer(NamedTuple):
    """A kind of answer of an operation."""

    operation: str
    """Such as `GET /users/{user_id}`."""
    status: int
    content: str
    """The code of a problem, in backquotes; otherwise the media type, or NO_CONTENT."""

    def __str__(self) -> str:
        return f"{self.operation}: {self.status} {self.content}"


def declared_answers(document: dict[str, Any]) -> Iterator[Answer]:
    """All that the document tells."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                for content in _contents(response):
                    yield Answer(f"{method.upper()} {path}", int(status), content)


def _contents(response: dict[str, Any]) -> Iterator[str]:
    for media_type in response.get("content", [NO_CONTENT]):
        if media_type == PROBLEM:
            yield from re.findall(r"(?m)^(`[a-z_]+`): ", response["description"])
        else:
            yield media_type


class ObservedAnswers:
    """The plugin, for the API that the document describes."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.declared = {*declared_answers(document)}
        self.observed: set[Answer] = set()
        self._failures: list[str] = []
        self._templates = [
            (method.upper(), re.compile(re.sub(r"{\w+}", "[^/]+", path)), path)
            for path, methods in document["paths"].items()
            for method in methods
        ]

    def observe(self, app: ASGIApp) -> ASGIApp:
        """The application, whose answers are noted down."""

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
        # Without a body, a media type says nothing: FastAPI gives one to 204 too.
        content = headers["Content-Type"].partition(";")[0] if body else NO_CONTENT
        if content == PROBLEM:
            content = f"`{json.loads(body)['code']}`"
        answer = Answer(operation, status, content)
        # What middleware refuses before any route is found, the operation need not declare.
        if "endpoint" in scope or answer in self.declared:
            self.observed.add(answer)

    def _operation(self, scope: Scope) -> str | None:
        """The first in the document that takes the method and the path, as a router chooses."""
        for method, pattern, path in self._templates:
            if method == scope["method"] and pattern.fullmatch(scope["path"]):
                return f"{method} {path}"
        return None

    def failures(self, *, whole: bool) -> Iterator[str]:
        """What is answered and not declared; after a `whole` run, what is declared only, too."""
        yield from (f"{each}: {UNDECLARED}" for each in sorted(self.observed - self.declared))
        if whole:
            yield from (f"{each}: {UNOBSERVED}" for each in sorted(self.declared - self.observed))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker has seen; one that crashed hands in nothing."""
        handed_in = getattr(node, "workeroutput", {}).get(WORKER_OUTPUT, [])
        self.observed.update(Answer(*each) for each in handed_in)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """In a worker, hand in what was seen; elsewhere, let the run fail for what is wrong."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[WORKER_OUTPUT] = [tuple(each) for each in self.observed]
            return
        passed = session.exitstatus == pytest.ExitCode.OK
        self._failures = [*self.failures(whole=passed and takes_all(session.config))]
        if self._failures and passed:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what is wrong."""
        if self._failures:
            terminalreporter.section("answers and the document differ (article 16)", red=True)
            for failure in self._failures:
                terminalreporter.line(failure)


def takes_all(config: pytest.Config) -> bool:
    """Whether nothing on the command line chooses a part of the suite."""
    chosen = any(config.getoption(name, None) for name in SELECTIONS)
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not chosen
