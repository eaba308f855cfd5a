"""Rules about source code that neither ruff nor import-linter can check."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.edits import Edit, prepend, replace, replace_body, set_field, set_keyword
from tests.architecture.rules import Finding, SourceRule
from tests.architecture.source import Module

BOUNDED = (".limit(", "_get_page(", "_get_page_newest_first(", "request.page(")
"""Calls that bound the rows of a page."""


def calls(module: Module, *names: str) -> Iterator[ast.Call]:
    for call in module.nodes(ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr in names:
            yield call


def find_transactions(module: Module) -> Iterator[Finding]:
    for call in calls(module, "commit", "rollback", "begin"):
        yield call.lineno, f"`{ast.unparse(call.func)}` begins or ends a transaction"


def find_flushes(module: Module) -> Iterator[Finding]:
    for call in calls(module, "flush"):
        yield call.lineno, "call `Repository._flush`, which translates violated constraints"


def find_trimmed_texts(module: Module) -> Iterator[Finding]:
    keywords = [node for node in module.nodes(ast.keyword) if node.arg == "strip_whitespace"]
    methods = [node for node in module.nodes(ast.Attribute) if ast.unparse(node) == "str.strip"]
    for node in [*keywords, *methods]:
        yield node.lineno, "use `Line`, whose spaces are removed before it is measured"


def find_other_errors(module: Module) -> Iterator[Finding]:
    application_errors = {
        alias.asname or alias.name
        for node in module.nodes(ast.ImportFrom)
        if {"core", "schemas", "errors"} & set((node.module or "").split("."))
        for alias in node.names
    }
    application_errors |= {node.name for node in module.nodes(ast.ClassDef)}
    caught = {node.name for node in module.nodes(ast.ExceptHandler) if node.name}
    for node in module.nodes(ast.Raise):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        name = raised.id if isinstance(raised, ast.Name) else ""
        if name[:1].isupper() and name not in application_errors | caught:
            yield node.lineno, f"`{name}` is not an `AppError`: the client would get a 500"


def find_session_handling(module: Module) -> Iterator[Finding]:
    for node in module.nodes(ast.ImportFrom, ast.Import):
        names = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        for name in names:
            top, _, rest = (name or "").partition(".")
            if top in ("sqlmodel", "sqlalchemy") and rest != "exc":
                yield node.lineno, f"a service must not import {name}: query in a repository"


def find_interpolated_sql(module: Module) -> Iterator[Finding]:
    for call in module.nodes(ast.Call):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in ("text", "exec_driver_sql"):
            for argument in call.args:
                if isinstance(argument, ast.JoinedStr | ast.BinOp):
                    yield call.lineno, f"`{name}` of a composed string: use bound parameters"


def find_unbounded_pages(module: Module) -> Iterator[Finding]:
    for function in module.nodes(ast.AsyncFunctionDef):
        if function.name.startswith("get_page"):
            source = ast.unparse(function)
            if not any(call in source for call in BOUNDED):
                yield function.lineno, f"`{function.name}` reads without a limit"
            if "offset(" in source:
                yield function.lineno, f"`{function.name}` uses OFFSET: page by key"


def find_unscoped_reads(module: Module) -> Iterator[Finding]:
    for function in module.nodes(ast.AsyncFunctionDef):
        scopes = [kwarg.arg for kwarg in function.args.kwonlyargs if kwarg.arg.endswith("_id")]
        if function.name in ("get", "get_page") and not scopes:
            message = "must have a keyword-only id of the owner or parent"
            yield function.lineno, f"`{function.name}` {message}"


def find_nullable_updates(module: Module) -> Iterator[Finding]:
    for schema in module.nodes(ast.ClassDef):
        if schema.name.endswith("Update"):
            for field in schema.body:
                if isinstance(field, ast.AnnAssign) and "MISSING" not in ast.unparse(field):
                    yield field.lineno, f"`{schema.name}` confuses absent with null: use MISSING"


def find_lazy_relationships(module: Module) -> Iterator[Finding]:
    for call in module.nodes(ast.Call):
        if ast.unparse(call.func) == "Relationship" and "'lazy': 'raise'" not in ast.unparse(call):
            yield call.lineno, "a relationship must have `lazy` set to `raise`"


def find_other_ids(module: Module) -> Iterator[Finding]:
    for table in module.nodes(ast.ClassDef):
        for field in table.body:
            is_id = isinstance(field, ast.AnnAssign) and ast.unparse(field.target) == "id"
            if is_id and "default_factory=new_id" not in ast.unparse(field):
                yield field.lineno, f"generate the id of `{table.name}` with `new_id`"


def find_bare_settings(module: Module) -> Iterator[Finding]:
    for field in _settings(module):
        if "description=" not in ast.unparse(field):
            yield field.lineno, f"`{ast.unparse(field.target)}` has no description"


def find_open_secrets(module: Module) -> Iterator[Finding]:
    for field in _settings(module):
        name = ast.unparse(field.target)
        # URLs of databases contain passwords.
        is_secret = re.search(
            "^(?!limit_).*(password|secret|token|key)$|^(database|redis)_url$", name
        )
        if is_secret and "SecretStr" not in ast.unparse(field.annotation):
            yield field.lineno, f"`{name}` would be shown in logs: use `SecretStr`"


def _settings(module: Module) -> Iterator[ast.AnnAssign]:
    for settings in module.nodes(ast.ClassDef):
        if settings.name.endswith("Settings"):
            yield from (field for field in settings.body if isinstance(field, ast.AnnAssign))


RULES = [
    SourceRule(
        name="transactions",
        article=7,
        see="Database.transaction",
        except_in=("Database", "building_concurrently"),
        find=find_transactions,
        edit=Edit("UserRepository.add", prepend("await self._session.commit()")),
    ),
    SourceRule(
        name="flushes",
        article=8,
        see="Repository._flush",
        except_in=("Repository",),
        find=find_flushes,
        edit=Edit("UserRepository.add", prepend("await self._session.flush()")),
    ),
    SourceRule(
        name="application errors",
        article=15,
        see="EmailTaken",
        layers=("jobs", "service", "throttle", "mails", "repository", "queries"),
        find=find_other_errors,
        edit=Edit("AccountService.get", prepend("raise KeyError('x')")),
    ),
    SourceRule(
        name="services without sessions",
        article=6,
        see="SessionService",
        layers=("jobs", "service", "throttle", "mails"),
        find=find_session_handling,
        edit=Edit("AccountService.get", prepend("from sqlmodel import Session")),
    ),
    SourceRule(
        name="no interpolated SQL",
        article=18,
        see="UserRepository",
        find=find_interpolated_sql,
        edit=Edit(
            "UserRepository.add", prepend("text(f'DELETE FROM users WHERE email = {user.email}')")
        ),
    ),
    SourceRule(
        name="bounded pages",
        article=19,
        see="SessionRepository.get_page",
        layers=("repository",),
        find=find_unbounded_pages,
        edit=Edit(
            "UserRepository.get_page", replace_body("return await self._session.exec(_SELECT)")
        ),
    ),
    SourceRule(
        name="scoped reads",
        article=17,
        see="SessionRepository.get_page",
        layers=("repository",),
        # Only admins read the pages of users, and only operators those of the outbox.
        except_in=("UserRepository", "OutboxRepository"),
        find=find_unscoped_reads,
        edit=Edit("SessionRepository.get_token", set_field("name", "get")),
    ),
    SourceRule(
        name="trimmed texts",
        article=43,
        see="Line",
        layers=("schemas",),
        find=find_trimmed_texts,
        edit=Edit("FullName", replace("Line", "Annotated[str, AfterValidator(str.strip)]")),
    ),
    SourceRule(
        name="absent is not null",
        article=22,
        see="UserUpdate",
        layers=("schemas",),
        find=find_nullable_updates,
        edit=Edit("UserUpdate.role", replace("MISSING", "None")),
    ),
    SourceRule(
        name="relationships without lazy loading",
        article=28,
        see="RefreshToken",
        layers=("models",),
        find=find_lazy_relationships,
        edit=Edit("RefreshToken.session", set_keyword("sa_relationship_kwargs", None)),
    ),
    SourceRule(
        name="generated ids",
        article=27,
        see="User",
        layers=("models",),
        find=find_other_ids,
        edit=Edit("User.id", set_keyword("default_factory", None)),
    ),
    SourceRule(
        name="described settings",
        article=5,
        see="Settings",
        layers=("core", "settings"),
        find=find_bare_settings,
        edit=Edit("MailSettings.smtp_host", set_keyword("description", None)),
    ),
    SourceRule(
        name="typed secrets",
        article=35,
        see="Settings",
        layers=("core", "settings"),
        find=find_open_secrets,
        edit=Edit("MailSettings.smtp_password", replace("SecretStr", "str")),
    ),
]
