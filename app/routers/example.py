"""The worked example: projects, and what lies in them. The README says how to take it out."""

from app.routers import members, projects, tags, tasks

ROUTERS = (tasks.router, projects.router, members.router, tags.router)
