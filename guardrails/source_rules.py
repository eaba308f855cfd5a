"""Rules about source code that neither ruff nor import-linter can check."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from guardrails.rules import Finding, SourceRule
from guardrails.source import Module

CONNECTION = re.compile(
    r"(session|conn|connection|db|database|engine|transaction|savepoint|nested|tx|uow|unit|work)"
    r"(\(.*\))?$"
)
"""Names of objects that can begin or end a transaction."""
FAULTS_OF_CODE = {"NotImplementedError", "AssertionError"}
"""Exceptions that no client may see."""
LAZY = re.compile(r"""'?\blazy'?\s*[=:]\s*'(?!select')\w+'""")
"""Strategy of loading that is not lazy, in a call."""
OPERATION = re.compile(r"\bop\.(?!execute|get_)\w+|\w+_op\.\w+")
"""Operations that change the schema. Plain SQL does not count, because it may do anything."""
SECRET = re.compile(
    r"(?i)(?<!public_)(?<!publishable_)(?<!cookie_)(password|secret|token|key)$"
    r"|^(database|redis)_url$"
)
NO_TEXT = re.compile(r"\b(bool|float|int|timedelta|\w*Policy)\b")
"""Types of settings that contain no secret."""


def calls(module: Module, *names: str) -> Iterator[ast.Call]:
    """Yield the calls of these methods of a session or a connection."""
    for call in module.nodes(ast.Call):
        match call.func:
            case ast.Attribute(attr=name, value=owner) if name in names:
                if CONNECTION.search(ast.unparse(owner).lower()):
                    yield call


def find_transactions(module: Module) -> Iterator[Finding]:
    for call in calls(module, "commit", "rollback", "begin"):
        yield call.lineno, f"`{ast.unparse(call.func)}` begins or ends a transaction"


def find_flushes(module: Module) -> Iterator[Finding]:
    for call in calls(module, "flush"):
        yield call.lineno, "flush only where violated constraints are translated"


def find_trimmed_texts(module: Module) -> Iterator[Finding]:
    keywords = [node for node in module.nodes(ast.keyword) if node.arg == "strip_whitespace"]
    methods = [node for node in module.nodes(ast.Attribute) if ast.unparse(node) == "str.strip"]
    for node in [*keywords, *methods]:
        message = (
            f"use `{module.project.line_type}`, whose spaces are removed before it is measured"
        )
        yield node.lineno, message


def find_other_errors(module: Module) -> Iterator[Finding]:
    project = module.project
    for node in module.nodes(ast.Raise):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        name = ast.unparse(raised).rpartition(".")[2] if raised else ""
        original = module.imports.get(name, name).rpartition(".")[2]
        known = project.errors | FAULTS_OF_CODE | _classes(module)
        if name[:1].isupper() and original not in known:
            message = f"is not an `{project.error_base}`: the client would get a 500"
            yield node.lineno, f"`{name}` {message}"


def find_session_handling(module: Module) -> Iterator[Finding]:
    for node in module.nodes(ast.ImportFrom, ast.Import):
        names = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        for name in names:
            top, _, rest = (name or "").partition(".")
            if top in ("sqlmodel", "sqlalchemy") and rest != "exc":
                yield node.lineno, f"a service must not import {name}: query in a repository"


def find_interpolated_sql(module: Module) -> Iterator[Finding]:
    for call in module.nodes(ast.Call):
        name = module.qualified(call.func)
        is_text = name.endswith(".text") and name.startswith(("sqlalchemy.", "sqlmodel."))
        takes_sql = is_text or getattr(call.func, "attr", "") == "exec_driver_sql"
        if takes_sql and any(map(_is_composed, call.args)):
            yield call.lineno, "SQL from a composed string: use bound parameters"


def _is_composed(argument: ast.expr) -> bool:
    match argument:
        case ast.JoinedStr(values=values):
            return any(isinstance(value, ast.FormattedValue) for value in values)
        case ast.Call(func=ast.Attribute(attr="format")):
            return True
    return isinstance(argument, ast.BinOp)


def find_unbounded_pages(module: Module) -> Iterator[Finding]:
    project = module.project
    for function in module.functions():
        if any(fnmatchcase(function.name, pattern) for pattern in project.pages):
            source = ast.unparse(function)
            if not any(call in source for call in project.bounds):
                yield function.lineno, f"`{function.name}` reads without a limit"
            if ".offset(" in source:
                yield function.lineno, f"`{function.name}` uses OFFSET: page by key"


def find_unscoped_reads(module: Module) -> Iterator[Finding]:
    for function in module.functions():
        scopes = [kwarg.arg for kwarg in function.args.kwonlyargs if kwarg.arg.endswith("_id")]
        if function.name in module.project.reads and not scopes:
            message = "must have a keyword-only id of the owner or parent"
            yield function.lineno, f"`{function.name}` {message}"


def find_nullable_updates(module: Module) -> Iterator[Finding]:
    missing = module.project.missing
    for schema in module.nodes(ast.ClassDef):
        for field in schema.body if schema.name.endswith("Update") else ():
            if isinstance(field, ast.AnnAssign) and missing not in ast.unparse(field):
                yield field.lineno, f"`{schema.name}` confuses absent with null: use {missing}"


def _classes(module: Module) -> set[str]:
    return {node.name for node in module.nodes(ast.ClassDef)}


def find_lazy_relationships(module: Module) -> Iterator[Finding]:
    for call in module.nodes(ast.Call):
        name = ast.unparse(call.func).rpartition(".")[2]
        if name in ("Relationship", "relationship") and not LAZY.search(ast.unparse(call)):
            yield call.lineno, "the relationship is loaded lazily: set `lazy`, such as to `raise`"


def find_other_ids(module: Module) -> Iterator[Finding]:
    new_id = module.project.new_id
    for table, field, name in module.fields(module.project.tables_and_bases):
        if name == "id" and new_id not in ast.unparse(field):
            yield field.lineno, f"generate the id of `{table.name}` with `{new_id}`"


def find_bare_settings(module: Module) -> Iterator[Finding]:
    for group, field, name in module.fields(module.project.settings):
        match group.body[group.body.index(field) + 1 :]:
            case [ast.Expr(value=ast.Constant(value=str())), *_]:
                continue  # a docstring
        if "description=" not in ast.unparse(field):
            yield field.lineno, f"`{name}` has no description"


def find_open_secrets(module: Module) -> Iterator[Finding]:
    for _, field, name in module.fields(module.project.settings):
        type_ = ast.unparse(field.annotation)
        if SECRET.search(name) and "Secret" not in type_ and not NO_TEXT.search(type_):
            yield field.lineno, f"`{name}` would be shown in logs: use `SecretStr`"


def find_empty_migrations(module: Module) -> Iterator[Finding]:
    """Find migrations that do nothing, and downgrades that do not revert a change of the schema."""
    steps = {function.name: function.lineno for function in module.functions()}
    sources = {function.name: ast.unparse(function) for function in module.functions()}
    upgrade, downgrade = sources.get("upgrade", ""), sources.get("downgrade", "")
    if upgrade and "(" not in upgrade.partition(":\n")[2]:
        yield steps["upgrade"], "`upgrade` does nothing"
    if downgrade and OPERATION.search(upgrade) and not OPERATION.search(downgrade):
        message = "`downgrade` does not revert the change of the schema"
        yield steps["downgrade"], message


RULES = [
    SourceRule(
        name="transactions",
        article=7,
        needs=("allowed.transactions",),
        find=find_transactions,
        sample="self._session.commit()",
    ),
    SourceRule(
        name="flushes",
        article=8,
        needs=("allowed.flushes",),
        find=find_flushes,
        sample="self._session.flush()",
    ),
    SourceRule(
        name="application errors",
        article=15,
        needs=("error_base",),
        layers=("services", "repositories"),
        find=find_other_errors,
        sample="raise KeyError('x')",
    ),
    SourceRule(
        name="services without sessions",
        article=6,
        layers=("services",),
        find=find_session_handling,
        sample="from sqlmodel import Session",
    ),
    SourceRule(
        name="no interpolated SQL",
        article=18,
        find=find_interpolated_sql,
        sample="from sqlalchemy import text\ntext(f'DELETE FROM users WHERE email = {email}')",
    ),
    SourceRule(
        name="bounded pages",
        article=19,
        needs=("pages", "bounds"),
        layers=("repositories",),
        find=find_unbounded_pages,
        sample=lambda project: f"async def {project.pages[0].replace('*', '')}(self): ...",
    ),
    SourceRule(
        name="scoped reads",
        article=17,
        needs=("reads",),
        layers=("repositories",),
        find=find_unscoped_reads,
        sample=lambda project: f"async def {project.reads[0]}(self): ...",
    ),
    SourceRule(
        name="trimmed texts",
        article=43,
        needs=("line_type",),
        layers=("schemas",),
        find=find_trimmed_texts,
        sample="Name = Annotated[str, AfterValidator(str.strip)]",
    ),
    SourceRule(
        name="absent is not null",
        article=22,
        needs=("missing",),
        find=find_nullable_updates,
        sample="class SampleUpdate:\n    name: str | None = None",
    ),
    SourceRule(
        name="relationships without lazy loading",
        article=28,
        find=find_lazy_relationships,
        sample="Relationship(back_populates='user')",
    ),
    SourceRule(
        name="generated ids",
        article=27,
        needs=("new_id",),
        find=find_other_ids,
        sample="class Sample(SQLModel, table=True):\n    id: int",
    ),
    SourceRule(
        name="described settings",
        article=5,
        needs=("settings_bases",),
        find=find_bare_settings,
        sample=lambda project: f"class Sample({project.settings_bases[0]}):\n    password: str",
    ),
    SourceRule(
        name="typed secrets",
        article=35,
        needs=("settings_bases",),
        find=find_open_secrets,
        sample=lambda project: f"class Sample({project.settings_bases[0]}):\n    password: str",
    ),
    SourceRule(
        name="real downgrades",
        article=29,
        layers=("migrations",),
        find=find_empty_migrations,
        sample="def upgrade():\n    pass",
    ),
]
