"""Tasks of projects."""

from app.members.hooks import before_member_removal
from app.runtime.feature import Feature
from app.tasks.jobs import unassign_member
from app.tasks.models import Task, TaskTag
from app.tasks.router import router

feature = Feature(
    name="tasks",
    tag="tasks",
    description="Tasks of a project.",
    router=router,
    tables=(Task, TaskTag),
    hooks=(before_member_removal.handled_by(unassign_member),),
)
