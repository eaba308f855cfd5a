"""Rows for every table at any revision."""

from sqlalchemy import JSON, Connection, column, insert, inspect, literal, table, text

from app.core import clock
from app.core.ids import new_id

NOW = clock.now()
USER_ID = new_id()
SESSION_ID = new_id()
NOTE_ID = new_id()
PROJECT_ID = new_id()
TAG_ID = new_id()
TASK_ID = new_id()

EXAMPLES: dict[str, dict[str, object]] = {
    "users": {
        "id": USER_ID,
        "email": "ada@example.com",
        "password_hash": "$argon2id$",
        "full_name": "Ada Lovelace",
        "role": "admin",
        "is_active": True,
        "email_verified_at": NOW,
        "created_at": NOW,
    },
    "one_time_tokens": {
        "id": new_id(),
        "user_id": USER_ID,
        "purpose": "verify_email",
        "token_digest": "1" * 64,
        "expires_at": NOW,
    },
    "sessions": {
        "id": SESSION_ID,
        "user_id": USER_ID,
        "user_agent": "curl/8",
        "created_at": NOW.replace(year=2000),
        "last_used_at": NOW,
        "expires_at": NOW,
    },
    "refresh_tokens": {
        "id": new_id(),
        "session_id": SESSION_ID,
        "token_digest": "2" * 64,
        "used_at": NOW,
    },
    "activity": {
        "id": new_id(),
        "created_at": NOW,
        "actor_id": USER_ID,
        "action": "user.registered",
        "resource_id": USER_ID,
        "scope_id": USER_ID,
        "request_id": "request",
        "details": {"role": "user"},
    },
    "idempotency_keys": {
        "user_id": USER_ID,
        "key": "key",
        "request_digest": "3" * 64,
        "expires_at": NOW,
        "status": 201,
        "location": "/projects/1",
        "body": b"{}",
    },
    "outbox": {
        "id": new_id(),
        "kind": "mail",
        "payload": b"encrypted",
        "created_at": NOW,
        "due_at": NOW,
        "attempts": 1,
        "last_error": "TimeoutError",
        "request_id": "request",
    },
    "projects": {
        "version": 1,
        "id": PROJECT_ID,
        "name": "Analytical engine",
        "description": "A computer",
        "created_at": NOW,
        "updated_at": NOW,
    },
    "memberships": {
        "project_id": PROJECT_ID,
        "user_id": USER_ID,
        "role": "owner",
        "created_at": NOW,
    },
    "tags": {"id": TAG_ID, "project_id": PROJECT_ID, "name": "Urgent", "name_key": "urgent"},
    "tasks": {
        "version": 1,
        "id": TASK_ID,
        "project_id": PROJECT_ID,
        "title": "Repair the mill",
        "description": "Soon",
        "status": "todo",
        "priority": 1,
        "due_date": NOW.date(),
        "assignee_id": USER_ID,
        "created_at": NOW,
        "updated_at": NOW,
    },
    "task_tags": {"task_id": TASK_ID, "tag_id": TAG_ID},
    "notes": {
        "id": NOTE_ID,
        "owner_id": USER_ID,
        "title": "Groceries",
        "body": "Bread, tea",
        "created_at": NOW,
        "updated_at": NOW,
    },
}
"""Example row of every table, parents first, with a value for every column of any revision."""

Values = dict[tuple[str, str], list[object]]


def read_values(connection: Connection) -> Values:
    """Return all stored values, by table and column."""
    values: Values = {}
    for name in inspect(connection).get_table_names():
        if name != "alembic_version":
            result = connection.execute(text(f"SELECT * FROM {name}"))
            columns = result.keys()
            rows = result.all()
            values |= {(name, key): [row[i] for row in rows] for i, key in enumerate(columns)}
    return values


def add_rows(connection: Connection) -> None:
    """Add the example row to every empty table, with the columns that the table has."""
    empty = [place for place, values in read_values(connection).items() if values == []]
    for name, example in EXAMPLES.items():
        row = {
            key: literal(value, JSON() if isinstance(value, dict) else None)
            for key, value in example.items()
            if (name, key) in empty
        }
        if row:
            connection.execute(insert(table(name, *map(column, row))).values(row))
