"""What the routes of `throughput.py` cost at the least: Starlette and asyncpg, with SQL by hand.

It checks the access token with the same code, loads the user by the live session, and answers the
same bytes; what a task is made with is one transaction. It has nothing else: no validation, no
limits, no log, no request id, no security headers, no entity tags, no audit trail.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID  # example

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.core import clock
from app.core.config import Settings
from app.core.ids import new_id  # example
from app.core.keys import KeyRing
from app.core.pagination import Cursors  # example
from app.core.tokens import AccessTokens, InvalidAccessToken
from app.tasks.schemas import TaskQuery  # example

USER = """
    SELECT u.id, u.email, u.full_name, u.role, u.is_active, u.email_verified_at, u.created_at
    FROM users u JOIN sessions s ON s.user_id = u.id
    WHERE s.id = $1 AND u.id = $2 AND s.expires_at > $3 AND u.is_active
"""

# example begins
TASKS = """
    SELECT t.id, t.project_id, t.title, t.description, t.status, t.priority, t.due_date,
           t.assignee_id, t.created_at, t.updated_at, a.full_name AS assignee_name
    FROM tasks t JOIN memberships m ON m.project_id = t.project_id
    LEFT JOIN users a ON a.id = t.assignee_id
    WHERE t.project_id = $1 AND m.user_id = $2 ORDER BY t.created_at, t.id LIMIT $3
"""

TAGS = """
    SELECT l.task_id, g.id, g.name FROM task_tags l JOIN tags g ON g.id = l.tag_id
    WHERE l.task_id = ANY($1) ORDER BY g.name_key
"""

ROLE = "SELECT role FROM memberships WHERE project_id = $1 AND user_id = $2"

NEW_TASK = """
    INSERT INTO tasks (id, project_id, title, description, status, priority, created_at,
                       updated_at, version)
    VALUES ($1, $2, $3, $4, 'todo', $5, $6, $6, 1)
"""

EVERYTHING = TaskQuery().model_dump_json(exclude={"cursor", "limit"})


# example ends
async def authenticate(
    request: Request, connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
) -> asyncpg.Record:
    """The user of the access token."""
    tokens: AccessTokens = request.app.state.tokens
    try:
        claims = tokens.read(request.headers.get("Authorization", "").removeprefix("Bearer "))
    except InvalidAccessToken as error:
        raise HTTPException(401) from error
    user = await connection.fetchrow(USER, claims.session_id, claims.user_id, clock.now())
    if user is None:
        raise HTTPException(401)
    return user


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """The row, in types that JSON has."""
    return {
        name: time_of(value)
        if isinstance(value, datetime)
        else value
        if value is None or isinstance(value, (str, int, bool, list, dict))
        else str(value)
        for name, value in row.items()
    }


def time_of(value: datetime) -> str:
    """A time, as Pydantic writes it."""
    return value.isoformat().replace("+00:00", "Z")


async def read_current_user(request: Request) -> JSONResponse:
    """GET /users/me."""
    async with request.app.state.pool.acquire() as connection:
        user = await authenticate(request, connection)
    return JSONResponse(shown(dict(user)))


# example begins
async def list_tasks(request: Request) -> JSONResponse:
    """GET /projects/{id}/tasks, in the order of their making."""
    project_id = UUID(request.path_params["project_id"])
    limit = int(request.query_params["limit"])
    async with request.app.state.pool.acquire() as connection:
        user = await authenticate(request, connection)
        rows = await connection.fetch(TASKS, project_id, user["id"], limit + 1)
        page = [dict(row) for row in rows[:limit]]
        tags: dict[UUID, list[dict[str, str]]] = {}
        for tag in await connection.fetch(TAGS, [row["id"] for row in page]):
            tags.setdefault(tag["task_id"], []).append({"id": str(tag["id"]), "name": tag["name"]})
    cursor = None
    if len(rows) > limit:
        cursors: Cursors = request.app.state.cursors
        last = page[-1]["created_at"], page[-1]["id"]
        cursor = cursors.seal(f"tasks of {project_id} {EVERYTHING}", last)
    for row in page:
        assignee = {"id": str(row["assignee_id"]), "full_name": row.pop("assignee_name")}
        row["assignee"] = assignee if row["assignee_id"] else None
        row["tags"] = tags.get(row["id"], [])
    return JSONResponse({"items": [shown(row) for row in page], "next_cursor": cursor})


async def create_task(request: Request) -> JSONResponse:
    """POST /projects/{id}/tasks, of which the benchmark sends title, description and priority."""
    project_id = UUID(request.path_params["project_id"])
    body = await request.json()
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        user = await authenticate(request, connection)
        if await connection.fetchval(ROLE, project_id, user["id"]) not in ("editor", "owner"):
            raise HTTPException(404)
        task: dict[str, Any] = {
            "id": new_id(),
            "project_id": project_id,
            "title": body["title"],
            "description": body["description"],
            "status": "todo",
            "priority": body["priority"],
            "due_date": None,
            "assignee_id": None,
            "created_at": (now := clock.now()),
            "updated_at": now,
            "assignee": None,
            "tags": [],
        }
        values = [task[name] for name in ("title", "description", "priority", "created_at")]
        await connection.execute(NEW_TASK, task["id"], project_id, *values)
    return JSONResponse(shown(task), 201)


# example ends
@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open what requests share."""
    settings = Settings()
    keys = KeyRing(settings.secrets)
    app.state.tokens = AccessTokens(keys, issuer=settings.link(""))
    app.state.cursors = Cursors(keys)  # example
    size = settings.database_pool_size
    url = settings.database_url.get_secret_value()
    async with asyncpg.create_pool(url, min_size=size, max_size=size) as app.state.pool:
        yield


app = Starlette(
    routes=[
        Route("/api/v1/users/me", read_current_user),
        Route("/api/v1/projects/{project_id}/tasks", list_tasks),  # example
        Route("/api/v1/projects/{project_id}/tasks", create_task, methods=["POST"]),  # example
    ],
    lifespan=lifespan,
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
