"""The rules about who alone may use what."""

import ast
from collections.abc import Callable, Iterator

from tests.architecture.rules import Edit, Module, Place, SourceRule

STATEMENTS = {
    f"{package}.{name}"
    for package in ("sqlalchemy", "sqlmodel", "sqlalchemy.sql.expression")
    for name in ("select", "insert", "update", "delete", "func", "text", "exists", "union_all")
}
ENVIRONMENT = {"os.environ", "os.getenv", "os.putenv", "dotenv.load_dotenv"}
CLOCKS = {
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today", "fromtimestamp")),
    "datetime.date.today",
    *(f"time.{name}" for name in ("time", "monotonic", "perf_counter", "time_ns")),
}
HTTP_ERRORS = {"fastapi.HTTPException", "starlette.exceptions.HTTPException"}
SLEEPS = {"time.sleep", "asyncio.sleep", "anyio.sleep"}
MOCKS = {"unittest.mock", "mock", "pytest_mock"}


def uses_of(names: set[str], reason: str) -> Callable[[Module], Iterator[Place]]:
    """What finds uses of these names, and says why they are wrong there."""

    def find(module: Module) -> Iterator[Place]:
        for local, name in module.imports.items():
            if name in names or any(name.startswith(f"{each}.") for each in names & MOCKS):
                yield _line_of_import(module, local), f"`{name}`: {reason}"
        for node in module.nodes(ast.Attribute):
            if (name := module.qualified(node)) in names:
                yield node.lineno, f"`{name}`: {reason}"

    return find


def find_sleeps(module: Module) -> Iterator[Place]:
    """Sleeps but for `sleep(0)`, which lets others run and waits for nothing."""
    for call in module.nodes(ast.Call):
        if module.qualified(call.func) in SLEEPS and ast.unparse(call.args[0]) != "0":
            yield call.lineno, f"`{ast.unparse(call)}` waits for nothing in particular"


def _line_of_import(module: Module, local: str) -> int:
    for node in module.nodes(ast.Import, ast.ImportFrom):
        for each in node.names:
            if local in (each.asname, each.name, each.name.partition(".")[0]):
                return int(node.lineno)
    return 1


LAYERS_ABOVE_REPOSITORIES = (
    "main",
    "cli",
    "outbox_cli",
    "terminal",
    "asgi",
    "worker",
    "routers",
    "dependencies",
    "services",
    "schemas",
)

RULES = [
    SourceRule(
        name="statements",
        article=4,
        see="app/repositories/users.py `UserRepository`",
        layers=(*LAYERS_ABOVE_REPOSITORIES, "models", "core"),
        but=("core/migrations.py",),
        find=uses_of(STATEMENTS, "only repositories build statements"),
        edit=Edit(
            "app/services/users.py",
            "from uuid import UUID\n",
            "from uuid import UUID\n\nfrom sqlmodel import select\n",
        ),
        bad="from sqlmodel import select\n",
        good="from app.repositories.users import UserRepository\n",
    ),
    SourceRule(
        name="environment",
        article=5,
        see="app/core/config.py `Settings`",
        layers=(),
        but=("core/config.py",),
        find=uses_of(ENVIRONMENT, "only the settings read the environment"),
        edit=Edit("app/core/resources.py", "os.cpu_count() or 1", 'int(os.environ["CPUS"])'),
        bad='import os\n\nos.environ["X"]\n',
        good="import os\n\nos.cpu_count()\n",
    ),
    SourceRule(
        name="time",
        article=9,
        see="app/core/clock.py `now`",
        layers=(),
        but=("core/clock.py",),
        find=uses_of(CLOCKS, "only the clock asks for the time"),
        edit=Edit("app/services/auth.py", "now = clock.now()", "now = datetime.now()"),
        bad="from datetime import UTC, datetime\n\ndatetime.now(UTC)\n",
        good="from app.core import clock\n\nclock.now()\n",
    ),
    SourceRule(
        name="errors of the framework",
        article=15,
        see="app/schemas/users.py `EmailTaken`",
        layers=("main", "routers", "services", "repositories", "schemas"),
        find=uses_of(HTTP_ERRORS, "refuse with an error of the tree"),
        edit=Edit(
            "app/routers/users.py",
            "from fastapi import APIRouter,",
            "from fastapi import APIRouter, HTTPException,",
        ),
        bad="from fastapi import HTTPException\n",
        good="from app.schemas.users import UserNotFound\n",
    ),
    SourceRule(
        name="sleeps",
        article=30,
        see="app/core/rate_limit_store.py `Store`",
        layers=("routers", "dependencies", "services", "repositories", "tests", "faults"),
        find=find_sleeps,
        edit=Edit("tests/core/test_rate_limit.py", "asyncio.sleep(0)", "asyncio.sleep(1)"),
        bad="import time\n\ntime.sleep(1)\n",
        good="import time\n\ntime.strftime('%Y')\n",
    ),
    SourceRule(
        name="mocks",
        article=41,
        see="tests/factories.py `Factory`",
        layers=("tests", "faults"),
        find=uses_of(MOCKS, "a mock agrees with whoever wrote it"),
        edit=Edit(
            "tests/routers/test_health.py",
            "from httpx import",
            "from unittest.mock import Mock\n\nfrom httpx import",
        ),
        bad="from unittest.mock import Mock\n",
        good="from tests.factories import Factory\n",
    ),
]
