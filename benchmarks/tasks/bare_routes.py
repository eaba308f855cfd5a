"""Routes of tasks on the bare server."""

from typing import Any
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.core import clock
from app.core.ids import new_id
from app.core.pagination import Cursors
from app.tasks.queries import POSITIONS
from app.tasks.schemas import TaskQuery
from benchmarks.bare_responses import authenticate, shown

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


async def list_tasks(request: Request) -> JSONResponse:
    """Handle `GET /projects/{id}/tasks`, in the order of creation."""
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
        list_name = f"tasks of {project_id} {EVERYTHING}"
        pages = cursors.page_request(list_name, TaskQuery(), POSITIONS["created_at"])
        cursor = pages.to_cursor((page[-1]["created_at"], page[-1]["id"]))
    for row in page:
        assignee = {"id": str(row["assignee_id"]), "full_name": row.pop("assignee_name")}
        row["assignee"] = assignee if row["assignee_id"] else None
        row["tags"] = tags.get(row["id"], [])
    return JSONResponse({"items": [shown(row) for row in page], "next_cursor": cursor})


async def create_task(request: Request) -> JSONResponse:
    """Handle `POST /projects/{id}/tasks` with title, description and priority."""
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


routes = [
    Route("/api/v1/projects/{project_id}/tasks", list_tasks),
    Route("/api/v1/projects/{project_id}/tasks", create_task, methods=["POST"]),
]
