"""Members of projects."""

from app.members.jobs import leave_projects
from app.members.router import router
from app.members.settings import MemberSettings
from app.runtime.feature import Feature
from app.users.hooks import before_user_deletion

feature = Feature(
    name="members",
    tag="members",
    description="Members of a project, and their roles.",
    router=router,
    settings=MemberSettings,
    hooks=(before_user_deletion.handled_by(leave_projects),),
)
