"""Rules about names that only some files may use."""

import ast
from collections.abc import Callable, Iterator

from guardrails.rules import Finding, SourceRule
from guardrails.source import Module

STATEMENTS = {
    f"{package}.{name}"
    for package in ("sqlalchemy", "sqlmodel", "sqlalchemy.sql.expression")
    for name in ("select", "insert", "update", "delete", "func", "text", "exists", "union_all")
}
ENVIRONMENT = {"os.environ", "os.getenv", "os.putenv", "dotenv.load_dotenv"}
CLOCKS = {
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    "datetime.date.today",
    *(f"time.{name}" for name in ("time", "monotonic", "perf_counter", "time_ns")),
}
HTTP_ERRORS = {"fastapi.HTTPException", "starlette.exceptions.HTTPException"}
ROUTERS = {"fastapi.APIRouter", "fastapi.routing.APIRouter"}
SLEEPS = {"time.sleep", "asyncio.sleep", "anyio.sleep"}
MOCKS = {"unittest.mock", "mock", "pytest_mock"}


def uses_of(names: set[str], reason: str) -> Callable[[Module], Iterator[Finding]]:
    """Return a function that finds uses of these qualified names."""

    def find(module: Module) -> Iterator[Finding]:
        for local, name in module.imports.items():
            is_mock = any(name.startswith(f"{mock}.") for mock in names & MOCKS)
            if name in names or (is_mock and not name.endswith(".ANY")):
                yield _line_of_import(module, local), f"`{name}`: {reason}"
        for node in module.nodes(ast.Attribute):
            if (name := module.qualified(node)) in names:
                yield node.lineno, f"`{name}`: {reason}"

    return find


def find_sleeps(module: Module) -> Iterator[Finding]:
    """Find sleeps in tests and coroutines, except `sleep(0)`, which only lets other tasks run."""
    is_test = module.project.is_in_layer(module.path, "tests")
    coroutines = [*module.nodes(ast.AsyncFunctionDef)]
    for call in module.nodes(ast.Call):
        delays = [*call.args, *(keyword.value for keyword in call.keywords)]
        if module.qualified(call.func) not in SLEEPS or [*map(ast.unparse, delays[:1])] == ["0"]:
            continue
        if is_test or any(one.lineno <= call.lineno <= one.end_lineno for one in coroutines):
            message = "waits for a fixed time: wait for an event"
            yield call.lineno, f"`{ast.unparse(call)}` {message}"


def find_routers(module: Module) -> Iterator[Finding]:
    for call in module.nodes(ast.Call):
        if module.qualified(call.func) in ROUTERS:
            yield call.lineno, f"create routers with `{module.project.router_factory}`"


def _line_of_import(module: Module, local: str) -> int:
    for node in module.nodes(ast.Import, ast.ImportFrom):
        for alias in node.names:
            if local in (alias.asname, alias.name, alias.name.partition(".")[0]):
                return int(node.lineno)
    return 1


RULES = [
    SourceRule(
        name="statements",
        article=4,
        needs=("allowed.statements",),
        find=uses_of(STATEMENTS, "build statements only in a repository"),
        sample="from sqlalchemy import select",
    ),
    SourceRule(
        name="environment",
        article=5,
        needs=("allowed.environment",),
        find=uses_of(ENVIRONMENT, "read the environment only in the settings"),
        sample="import os\nos.environ",
    ),
    SourceRule(
        name="time",
        article=9,
        needs=("allowed.time",),
        find=uses_of(CLOCKS, "read the time only in the module for it"),
        sample="from time import time",
    ),
    SourceRule(
        name="errors of the framework",
        article=15,
        needs=("error_base",),
        find=uses_of(HTTP_ERRORS, "raise an error of the application"),
        sample="from fastapi import HTTPException",
    ),
    SourceRule(
        name="sleeps",
        article=30,
        layers=("package", "tests"),
        find=find_sleeps,
        sample="import asyncio\nasync def wait():\n    await asyncio.sleep(1)",
    ),
    SourceRule(
        name="mocks",
        article=41,
        layers=("tests",),
        find=uses_of(MOCKS, "use the real object or a fake"),
        sample="from unittest.mock import Mock",
    ),
    SourceRule(
        name="routers by the factory",
        article=51,
        needs=("router_factory",),
        find=find_routers,
        sample="import fastapi\nfastapi.APIRouter()",
    ),
]
