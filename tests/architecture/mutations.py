"""Edits that break articles which no rule of ours holds, and what has to notice them."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.rules import Edit

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Mutation:
    """An edit of the real code that breaks an article, and the command that has to fail then."""

    article: int
    edit: Edit
    command: tuple[str, ...]
    told: str
    """The pattern of what the command says about it."""
    on_postgresql: bool = False
    """Whether it takes PostgreSQL to notice."""


def by_tests(article: int, path: str, edit: Edit, *, on_postgresql: bool = False) -> Mutation:
    """One that tests at this path notice."""
    command = (sys.executable, "-m", "pytest", "-q", "-x", "--tb=no", path)
    return Mutation(article, edit, command, f"FAILED {re.escape(path)}", on_postgresql)


def by_ruff(article: int, code: str, edit: Edit) -> Mutation:
    """One for which ruff has this code."""
    return Mutation(article, edit, (str(BIN / "ruff"), "check", "--no-cache", edit.path), code)


def by_import_linter(article: int, contract: str, edit: Edit) -> Mutation:
    """One that breaks the import contract which begins so."""
    return Mutation(
        article, edit, (str(BIN / "lint-imports"), "--no-cache"), rf"{re.escape(contract)}.* BROKEN"
    )


SERVICE = "app/services/users.py"
FIRST_IMPORT = "from uuid import UUID\n"

MUTATIONS = [
    by_import_linter(
        1,
        "Layers",
        Edit(
            "app/repositories/users.py",
            FIRST_IMPORT,
            f"{FIRST_IMPORT}\nfrom app.services import mail\n",
        ),
    ),
    by_import_linter(
        2,
        "Only app/core/passwords.py",
        Edit(SERVICE, FIRST_IMPORT, f"{FIRST_IMPORT}\nimport passlib\n"),
    ),
    by_import_linter(
        3,
        "Services and what lies below them",
        Edit(SERVICE, FIRST_IMPORT, f"{FIRST_IMPORT}\nimport fastapi\n"),
    ),
    by_tests(
        7,
        "tests/core/test_transactions.py",
        Edit("app/dependencies/database.py", ', scope="function")', ")"),
    ),
    by_ruff(9, "DTZ005", Edit("app/core/clock.py", "datetime.now(UTC)", "datetime.now()")),
    by_tests(
        17,
        "tests/security/test_access.py",
        Edit("app/dependencies/auth.py", "user.role is not Role.ADMIN", "not user.is_active"),
    ),
    by_tests(
        25,
        "tests/security/test_limits.py",
        Edit("app/routers/users.py", "    dependencies=[Depends(limit_registration)],\n", ""),
    ),
    by_tests(
        29,
        "tests/migrations/test_schema.py",
        Edit("app/models/users.py", "is_active: bool = True", "is_active: bool | None = True"),
    ),
    by_ruff(
        30, "ASYNC", Edit("app/core/mail.py", "        self.sent.append(mail)", "        open('x')")
    ),
    by_tests(
        31,
        "tests/security/test_queries.py",
        Edit(
            SERVICE,
            "        users, end =",
            "        await self._users.get(UUID(int=0))\n        users, end =",
        ),
    ),
    by_tests(
        32,
        "tests/security/test_races.py",
        Edit("app/repositories/users.py", '{"uq_users_email": EmailTaken}', "{}"),
    ),
    by_tests(
        34,
        "tests/security/test_access.py",
        Edit(
            "app/dependencies/database.py",
            "        yield session\n",
            "        async with resources.database.transaction(read_only=read_only):\n"
            "            yield session\n",
        ),
    ),
    by_tests(
        35,
        "tests/core/test_logging.py",
        Edit("app/core/logging.py", '"INFO" if settings.log_level == "DEBUG" else ', ""),
    ),
    by_tests(
        36,
        "tests/security/test_storm.py",
        Edit(
            "app/core/passwords.py",
            "return await asyncio.get_running_loop().run_in_executor(self._threads, work)",
            "return work()",
        ),
    ),
    by_tests(
        37,
        "tests/security/test_input.py",
        Edit("app/core/problems.py", '"message": item["msg"]', '"message": str(item)'),
    ),
    by_ruff(38, "D102", Edit("app/core/mail.py", '        """Keep it."""\n', "")),
    by_ruff(42, "F401", Edit(SERVICE, FIRST_IMPORT, f"{FIRST_IMPORT}import json\n")),
    by_tests(
        44,
        "tests/security/test_activity.py",
        Edit("migrations/versions/0002_activity_idempotency.py", "UPDATE OR DELETE", "UPDATE"),
        on_postgresql=True,
    ),
    by_tests(
        45,
        "tests/security/test_headers.py",
        Edit("app/core/middleware.py", '    "X-Content-Type-Options": "nosniff",\n', ""),
    ),
]
