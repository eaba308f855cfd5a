"""Calls that read and create tasks."""

import json
from collections.abc import Mapping

from benchmarks.calls import FeatureCalls
from benchmarks.servers import API, Call, Server

TASKS = 60


def create_project(server: Server, token: str) -> str:
    """Create a project with more tasks than fit on a page, and return the path of its tasks."""

    def create(path: str, body: Mapping[str, object], method: str = "POST") -> str:
        call = Call("create", method, f"{API}/{path}", body)
        return str(json.loads(server.ask(call, token))["id"])

    user = json.loads(server.ask(Call("me", "GET", f"{API}/users/me"), token))
    project = create("projects", {"name": "Analytical engine"})
    tags = [create(f"projects/{project}/tags", {"name": name}) for name in ("mill", "store")]
    for number in range(TASKS):
        task = {
            "title": f"Order part {number}",
            "description": "Seen on the last walk through the workshop. More is in the drawings.",
            "due_date": "2030-01-01" if number % 2 else None,
            "assignee_id": user["id"] if number % 3 else None,
        }
        task_id = create(f"projects/{project}/tasks", task)
        create(f"tasks/{task_id}/tags", {"tag_ids": tags[: number % 3]}, "PUT")
    return f"{API}/projects/{project}/tasks"


def create_calls(server: Server, token: str) -> list[Call]:
    """Return a call for a page of tasks and a call that creates one."""
    path = create_project(server, token)
    new = {"title": "Oil the mill", "description": "Before the winter.", "priority": 2}
    return [
        Call("GET tasks, 50", "GET", f"{path}?limit=50"),
        Call("POST task", "POST", path, new),
    ]


calls = FeatureCalls(
    create=create_calls,
    ratios={"GET tasks, 50": (0.25, 0.40), "POST task": (0.12, 0.20)},
)
