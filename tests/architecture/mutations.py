"""Edits that violate articles without a rule of their own, and the commands that notice them."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.edits import (
    Edit,
    TextEdit,
    prepend,
    remove_docstring,
    replace,
    replace_body,
    set_keyword,
)
from tests.architecture.project import find, find_test

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Mutation:
    """An edit of the real code that violates an article, and the command that must fail then."""

    article: int
    edit: Edit | TextEdit
    command: tuple[str, ...]
    expected: str
    """Regular expression that the output of the command must match."""
    on_postgresql: bool = False
    """True if only PostgreSQL notices it."""


def by_tests(
    article: int, name: str, edit: Edit | TextEdit, *, on_postgresql: bool = False
) -> Mutation:
    """Return a mutation that a test file notices, given the end of its path."""
    path = find_test(name)
    command = (sys.executable, "-m", "pytest", "-q", "-x", "--tb=no", path)
    return Mutation(article, edit, command, f"FAILED {re.escape(path)}", on_postgresql)


def by_ruff(article: int, code: str, edit: Edit) -> Mutation:
    return Mutation(article, edit, (str(BIN / "ruff"), "check", "--no-cache", edit.path), code)


def by_import_linter(article: int, contract: str, edit: Edit) -> Mutation:
    """Return a mutation that breaks an import contract, given a pattern of its name."""
    return Mutation(
        article, edit, (str(BIN / "lint-imports"), "--no-cache"), f"{contract}.* BROKEN"
    )


MUTATIONS = [
    by_import_linter(
        1,
        "Layers",
        Edit("OutboxRepository.get_page", prepend(f"import {find('OutboxService').module}")),
    ),
    by_import_linter(
        2, "Only .+ imports passlib", Edit("AccountService.get", prepend("import passlib"))
    ),
    by_import_linter(
        3,
        "Services and the layers below them",
        Edit("AccountService.get", prepend("import fastapi")),
    ),
    by_tests(7, "runtime/test_transactions.py", Edit("UnitOfWorkDep", set_keyword("scope", None))),
    by_ruff(9, "DTZ005", Edit("now", replace("datetime.now(UTC)", "datetime.now()"))),
    by_tests(
        17,
        "test_access.py",
        Edit(
            "get_admin",
            replace("principal.user.role is not Role.ADMIN", "not principal.user.is_active"),
        ),
    ),
    by_tests(25, "test_limits.py", Edit("register_user", set_keyword("dependencies", None))),
    by_tests(29, "test_schema.py", Edit("User.is_active", replace("bool", "bool | None"))),
    by_ruff(30, "ASYNC", Edit("MemoryMailer.send", prepend("open('x')"))),
    by_tests(
        31,
        "test_queries.py",
        Edit("AccountService.get_page", prepend("await self.users.get(UUID(int=0))")),
    ),
    by_tests(
        32,
        "security/test_races.py",
        Edit("UserRepository.add", replace('{"uq_users_email": EmailTaken}', "{}")),
    ),
    by_tests(
        34,
        "test_access.py",
        Edit(
            "get_unit_of_work",
            replace_body(
                "resources = await get_resources(request)\n"
                "async with (\n"
                "    open_unit_of_work(resources, wait_indefinitely=False) as unit,\n"
                "    open_unit_of_work(resources, wait_indefinitely=False),\n"
                "):\n"
                "    yield unit\n"
            ),
        ),
    ),
    by_tests(
        35,
        "core/test_logging.py",
        Edit(
            "configure_logging",
            replace(
                '"INFO" if settings.log_level == "DEBUG" else settings.log_level',
                "settings.log_level",
            ),
        ),
    ),
    by_tests(36, "test_bursts.py", Edit("HashSlot._run", replace_body("return work()"))),
    by_tests(37, "test_input.py", Edit("problems:_violation", replace('item["msg"]', "str(item)"))),
    by_ruff(38, "D102", Edit("MemoryMailer.send", remove_docstring)),
    by_ruff(42, "F401", Edit("AccountService.get", prepend("import json"))),
    by_tests(
        44,
        "audit/test_activity.py",
        TextEdit("migrations/versions/*.py", "UPDATE OR DELETE", "UPDATE"),
        on_postgresql=True,
    ),
    by_tests(
        45,
        "test_headers.py",
        Edit("SECURITY_HEADERS", replace('"X-Content-Type-Options"', '"X-Content-Type"')),
    ),
]
