"""Tasks after the removal of their assignee."""

from tests.projects.factory import create_project
from tests.support.factories import API, Factory
from tests.tasks.factory import create_task


async def test_removing_a_member_leaves_the_tasks_in_the_project_unassigned(
    factory: Factory,
) -> None:
    owner, member = await factory.login(), await factory.login()
    here = await create_project(factory, owner.user, editor=member.user)
    elsewhere = await create_project(factory, owner.user, editor=member.user)
    tasks = [
        await create_task(factory, project.id, assignee_id=member.user.id)
        for project in (here, elsewhere)
    ]

    await owner.delete(f"{API}/projects/{here.id}/members/{member.user.id}")

    shown = [await owner.get(f"{API}/tasks/{task.id}") for task in tasks]
    assignees = [response.json()["assignee_id"] for response in shown]
    assert assignees == [None, str(member.user.id)]


async def test_deleting_a_user_leaves_the_tasks_unassigned(factory: Factory) -> None:
    owner, editor = await factory.login(), await factory.login()
    project = await create_project(factory, owner.user, editor=editor.user)
    task = await create_task(factory, project.id, assignee_id=editor.user.id)
    path = f"{API}/tasks/{task.id}"
    before = await owner.get(path)

    await editor.delete_account()

    after = await owner.get(path)
    assert (after.json()["assignee_id"], after.json()["assignee"]) == (None, None)
    assert after.headers["ETag"] != before.headers["ETag"]
