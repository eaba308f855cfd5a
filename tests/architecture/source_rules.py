"""The rules about source code. Ruff and import-linter hold what they can; these are ours."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.rules import PACKAGE, Edit, Module, Place, SourceRule

MAX_STATEMENTS = 4
"""Of a handler: parse, one call, a header, return."""
BRANCHES = (ast.If, ast.IfExp, ast.For, ast.While, ast.Try, ast.Match, ast.BoolOp, ast.Compare)
METHODS = {"get", "post", "put", "patch", "delete"}


def handlers(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions that a router calls."""
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        for decorator in function.decorator_list:
            called = getattr(decorator, "func", None)
            if isinstance(called, ast.Attribute) and called.attr in METHODS:
                yield function


def calls(module: Module, *names: str) -> Iterator[ast.Call]:
    """Calls of methods with these names."""
    for call in module.nodes(ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr in names:
            yield call


def find_transactions(module: Module) -> Iterator[Place]:
    for call in calls(module, "commit", "rollback", "begin"):
        yield call.lineno, f"`{ast.unparse(call.func)}` ends or begins a transaction"


def find_flushes(module: Module) -> Iterator[Place]:
    for call in calls(module, "flush"):
        yield call.lineno, "`flush` outside `Repository._flush`, which translates what it raises"


def find_synchronous_handlers(module: Module) -> Iterator[Place]:
    for function in handlers(module):
        if not isinstance(function, ast.AsyncFunctionDef):
            yield function.lineno, f"handler `{function.name}` is no coroutine: it takes a thread"
        if function.returns is None:
            yield function.lineno, f"handler `{function.name}` does not say what it returns"


def find_logic_in_handlers(module: Module) -> Iterator[Place]:
    for function in handlers(module):
        statements = [each for each in function.body if not _is_docstring(each)]
        if len(statements) > MAX_STATEMENTS:
            length = f"{len(statements)} statements, {MAX_STATEMENTS} at most"
            yield function.lineno, f"handler `{function.name}` has {length}"
        for statement in statements:
            for node in ast.walk(statement):
                if isinstance(node, BRANCHES):
                    yield node.lineno, f"handler `{function.name}` decides: services do"


def find_undocumented_handlers(module: Module) -> Iterator[Place]:
    for function in handlers(module):
        if not ast.get_docstring(function):
            yield function.lineno, f"handler `{function.name}` tells the API's reader nothing"


def find_foreign_errors(module: Module) -> Iterator[Place]:
    ours = {
        alias.asname or alias.name
        for node in module.nodes(ast.ImportFrom)
        if (node.module or "").startswith((f"{PACKAGE}.core", f"{PACKAGE}.schemas"))
        for alias in node.names
    }
    ours |= {node.name for node in module.nodes(ast.ClassDef)}
    caught = {node.name for node in module.nodes(ast.ExceptHandler) if node.name}
    for node in module.nodes(ast.Raise):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        name = raised.id if isinstance(raised, ast.Name) else ""
        if name[:1].isupper() and name not in ours | caught:
            yield node.lineno, f"`{name}` is no refusal of ours: the caller would get a 500"


def find_session_handling(module: Module) -> Iterator[Place]:
    for node in module.nodes(ast.ImportFrom, ast.Import):
        names = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        for name in names:
            top, _, rest = (name or "").partition(".")
            if top in ("sqlmodel", "sqlalchemy") and rest != "exc":
                yield node.lineno, f"a service imports {name}: queries belong to repositories"


def find_interpolated_sql(module: Module) -> Iterator[Place]:
    for call in module.nodes(ast.Call):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in ("text", "exec_driver_sql"):
            for argument in call.args:
                if isinstance(argument, ast.JoinedStr | ast.BinOp):
                    yield call.lineno, f"`{name}` of a string that is put together"


def find_unbounded_pages(module: Module) -> Iterator[Place]:
    for function in module.nodes(ast.AsyncFunctionDef):
        if function.name.startswith("get_page"):
            source = ast.unparse(function)
            if not any(call in source for call in (".limit(", "_newest_first(", "page_of_tasks(")):
                yield function.lineno, f"`{function.name}` reads without a limit"
            if "offset(" in source:
                yield function.lineno, f"`{function.name}` skips rows: page by key"


def find_unscoped_reads(module: Module) -> Iterator[Place]:
    for function in module.nodes(ast.AsyncFunctionDef):
        parameters = {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}
        if function.name in ("get", "get_page") and "user_id" not in parameters:
            yield function.lineno, f"`{function.name}` reads what is anybody's: say whose"


def find_updates_that_blur_absence(module: Module) -> Iterator[Place]:
    for schema in module.nodes(ast.ClassDef):
        if schema.name.endswith("Update"):
            for field in schema.body:
                if isinstance(field, ast.AnnAssign) and "MISSING" not in ast.unparse(field):
                    yield field.lineno, f"`{schema.name}` takes an absent field for null"


def find_lazy_relationships(module: Module) -> Iterator[Place]:
    for call in module.nodes(ast.Call):
        if ast.unparse(call.func) == "Relationship" and "'lazy': 'raise'" not in ast.unparse(call):
            yield call.lineno, "a relationship that loads by itself: a query for each row"


def find_foreign_ids(module: Module) -> Iterator[Place]:
    for table in module.nodes(ast.ClassDef):
        for field in table.body:
            is_id = isinstance(field, ast.AnnAssign) and ast.unparse(field.target) == "id"
            if is_id and "default_factory=new_id" not in ast.unparse(field):
                yield field.lineno, f"an id of `{table.name}` that is not made by `new_id`"


def find_bare_settings(module: Module) -> Iterator[Place]:
    for field in _settings(module):
        if "description=" not in ast.unparse(field):
            yield field.lineno, f"`{ast.unparse(field.target)}` does not say what it is"


def find_open_secrets(module: Module) -> Iterator[Place]:
    for field in _settings(module):
        name = ast.unparse(field.target)
        # Addresses of databases hold passwords.
        is_secret = re.search(
            "^(?!limit_).*(password|secret|token|key)$|^(database|redis)_url$", name
        )
        if is_secret and "SecretStr" not in ast.unparse(field.annotation):
            yield field.lineno, f"`{name}` would be shown in logs: let it be a `SecretStr`"


def _settings(module: Module) -> Iterator[ast.AnnAssign]:
    for settings in module.nodes(ast.ClassDef):
        if settings.name == "Settings":
            yield from (field for field in settings.body if isinstance(field, ast.AnnAssign))


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


ROUTE = '@router.get("/x")\n'

RULES = [
    SourceRule(
        name="transactions",
        article=7,
        see="app/core/database.py `Database.transaction`",
        layers=(),
        but=("core/database.py", "core/migrations.py"),
        find=find_transactions,
        edit=Edit(
            "app/repositories/users.py",
            "        self._session.add(user)\n",
            "        self._session.add(user)\n        await self._session.commit()\n",
        ),
        bad="async def add(self, tag):\n    await self._session.commit()\n",
        good="async def add(self, tag):\n    self._session.add(tag)\n",
    ),
    SourceRule(
        name="flushes",
        article=8,
        see="app/repositories/base.py `Repository._flush`",
        layers=(),
        but=("repositories/base.py",),
        find=find_flushes,
        edit=Edit(
            "app/repositories/users.py",
            "        self._session.add(user)\n",
            "        self._session.add(user)\n        await self._session.flush()\n",
        ),
        bad="async def add(self, tag):\n    await self._session.flush()\n",
        good="async def add(self, tag):\n    await self._flush({})\n",
    ),
    SourceRule(
        name="asynchronous handlers",
        article=10,
        see="app/routers/users.py `read_user`",
        layers=("routers",),
        find=find_synchronous_handlers,
        edit=Edit("app/routers/health.py", "async def check_liveness", "def check_liveness"),
        bad=f"{ROUTE}def read_x() -> X: ...\n",
        good=f"{ROUTE}async def read_x() -> X: ...\n",
    ),
    SourceRule(
        name="handlers without logic",
        article=11,
        see="app/routers/users.py `register_user`",
        layers=("routers",),
        find=find_logic_in_handlers,
        edit=Edit(
            "app/routers/users.py",
            '    """Your account."""\n',
            '    """Your account."""\n    if user.role == "admin":\n        return user\n',
        ),
        bad=f"{ROUTE}async def read_x(user: User) -> X:\n    return a if user.admin else b\n",
        good=f"{ROUTE}async def read_x(xs: XServiceDep) -> X:\n    return await xs.get()\n",
    ),
    SourceRule(
        name="documented handlers",
        article=12,
        see="app/routers/users.py `list_users`",
        layers=("routers",),
        find=find_undocumented_handlers,
        edit=Edit("app/routers/users.py", '    """Your account."""\n', ""),
        bad=f"{ROUTE}async def read_x() -> X:\n    return x\n",
        good=f'{ROUTE}async def read_x() -> X:\n    """An x."""\n    return x\n',
    ),
    SourceRule(
        name="errors from the tree",
        article=15,
        see="app/schemas/users.py `EmailTaken`",
        layers=("services", "repositories"),
        find=find_foreign_errors,
        edit=Edit("app/services/users.py", "raise UserNotFound", "raise LookupError"),
        bad="def get(self):\n    raise KeyError('x')\n",
        good="from app.schemas.tags import TagNotFound\ndef get(self):\n    raise TagNotFound\n",
    ),
    SourceRule(
        name="services without sessions",
        article=6,
        see="app/services/sessions.py `SessionService`",
        layers=("services",),
        find=find_session_handling,
        edit=Edit(
            "app/services/users.py",
            "from uuid import UUID\n",
            "from uuid import UUID\n\nfrom sqlmodel.ext.asyncio.session import AsyncSession\n",
        ),
        bad="from sqlmodel.ext.asyncio.session import AsyncSession\n",
        good="from app.repositories.tags import TagRepository\n",
    ),
    SourceRule(
        name="no interpolated SQL",
        article=18,
        see="app/repositories/users.py `UserRepository`",
        layers=(),
        find=find_interpolated_sql,
        edit=Edit(
            "app/repositories/users.py",
            '        """Store a new user. Raises EmailTaken."""\n',
            '        """Store a new user. Raises EmailTaken."""\n'
            '        text(f"DELETE FROM users WHERE email = {user.email}")\n',
        ),
        bad='text(f"SELECT {name}")\n',
        good='text("SELECT :name")\n',
    ),
    SourceRule(
        name="bounded pages",
        article=19,
        see="app/repositories/sessions.py `SessionRepository.get_page`",
        layers=("repositories",),
        find=find_unbounded_pages,
        edit=Edit(
            "app/repositories/users.py",
            "self._newest_first(_PUBLIC, User, UserPublic, after=after, limit=limit)",
            "self._session.exec(_PUBLIC)",
        ),
        bad="async def get_page(self):\n    return await self._session.exec(select(X))\n",
        good="async def get_page(self):\n    return await self._session.exec(select(X).limit(1))\n",
    ),
    SourceRule(
        name="scoped reads",
        article=17,
        see="app/repositories/sessions.py `SessionRepository.get_page`",
        layers=("repositories",),
        # The pages of the one are for admins, those of the other for operators.
        but=("repositories/users.py", "repositories/outbox.py"),
        find=find_unscoped_reads,
        edit=Edit(
            "app/repositories/sessions.py", "self, *, user_id: UUID, current", "self, *, current"
        ),
        bad="async def get(self, tag_id): ...\n",
        good="async def get(self, tag_id, *, user_id): ...\n",
    ),
    SourceRule(
        name="absent is not null",
        article=22,
        see="app/schemas/users.py `UserUpdate`",
        layers=("schemas",),
        find=find_updates_that_blur_absence,
        edit=Edit(
            "app/schemas/users.py",
            "role: Role | MISSING = MISSING",
            "role: Role | None = None",
        ),
        bad="class XUpdate(Input):\n    name: str | None = None\n",
        good="class XUpdate(Input):\n    name: str | MISSING = MISSING\n",
    ),
    SourceRule(
        name="relationships loaded on purpose",
        article=28,
        see="app/models/sessions.py `RefreshToken`",
        layers=("models",),
        find=find_lazy_relationships,
        edit=Edit(
            "app/models/sessions.py",
            'Relationship(sa_relationship_kwargs={"lazy": "raise"})',
            "Relationship()",
        ),
        bad="class X(Base, table=True):\n    y: Y = Relationship()\n",
        good="class X(Base, table=True):\n"
        '    y: Y = Relationship(sa_relationship_kwargs={"lazy": "raise"})\n',
    ),
    SourceRule(
        name="ids of ours",
        article=27,
        see="app/models/users.py `User`",
        layers=("models",),
        find=find_foreign_ids,
        edit=Edit("app/models/users.py", "default_factory=new_id, primary_key", "primary_key"),
        bad="class X(Base, table=True):\n    id: UUID = Field(primary_key=True)\n",
        good="class X(Base, table=True):\n"
        "    id: UUID = Field(default_factory=new_id, primary_key=True)\n",
    ),
    SourceRule(
        name="described settings",
        article=5,
        see="app/core/config.py `Settings`",
        layers=("core",),
        find=find_bare_settings,
        edit=Edit(
            "app/core/config.py",
            'Field("localhost", description="The mail server.")',
            'Field("localhost")',
        ),
        bad="class Settings(BaseSettings):\n    x: int = 1\n",
        good='class Settings(BaseSettings):\n    x: int = Field(1, description="An x.")\n',
    ),
    SourceRule(
        name="secrets typed as such",
        article=35,
        see="app/core/config.py `Settings`",
        layers=("core",),
        find=find_open_secrets,
        edit=Edit(
            "app/core/config.py", "smtp_password: SecretStr | None", "smtp_password: str | None"
        ),
        bad='class Settings(BaseSettings):\n    x_key: str = Field(description="An x.")\n',
        good='class Settings(BaseSettings):\n    x_key: SecretStr = Field(description="An x.")\n',
    ),
]
