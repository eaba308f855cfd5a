"""Projects, which users share."""

from app.projects.models import Membership, Project
from app.projects.router import router
from app.runtime.feature import Feature

feature = Feature(
    name="projects",
    tag="projects",
    description="Projects, and the changes in them.",
    router=router,
    tables=(Project, Membership),
)
