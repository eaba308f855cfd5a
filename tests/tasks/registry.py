"""Registry of tasks."""

from app.projects.models import MemberRole
from tests.projects.access import for_editors, for_members
from tests.projects.factory import create_member
from tests.support.registry import API, Entry, Registry
from tests.support.world import World
from tests.tags.factory import create_tag
from tests.tasks.factory import create_task


async def add_resources(world: World) -> None:
    """Create a task with a tag, which is assigned to the other user."""
    project_id = world.ids["project_id"]
    tag = await create_tag(world.factory, project_id)
    task = await create_task(world.factory, project_id, tag, assignee_id=world.other.id)
    world.ids["task_id"] = task.id


async def add_rows(world: World, count: int) -> None:
    """Add tasks of the project, each with its own tag and assignee."""
    project_id = world.ids["project_id"]
    for _ in range(count):
        assignee = await world.factory.user()
        await create_member(world.factory, project_id, assignee, MemberRole.EDITOR)
        tag = await create_tag(world.factory, project_id)
        await create_task(world.factory, project_id, tag, assignee_id=assignee.id)


TEXT = ['""', '"  "', '"' + "x" * 5000 + '"']

registry = Registry(
    {
        f"GET {API}/projects/{{project_id}}/tasks": Entry(for_members(200), statements=4),
        f"POST {API}/projects/{{project_id}}/tasks": Entry(
            for_editors(201), body={"title": "Repair the mill"}
        ),
        f"GET {API}/tasks/{{task_id}}": Entry(for_members(200), statements=3),
        f"PATCH {API}/tasks/{{task_id}}": Entry(
            for_editors(200), body={"status": "done"}, accepts={"description": TEXT}
        ),
        f"DELETE {API}/tasks/{{task_id}}": Entry(for_editors(204)),
        f"PUT {API}/tasks/{{task_id}}/tags": Entry(
            for_editors(200), body={"tag_ids": []}, accepts={"tag_ids": ["[]"]}
        ),
    },
    add_resources=add_resources,
    add_rows=add_rows,
)
