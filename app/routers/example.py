"""The worked example: projects, and what lies in them. The README says how to take it out."""

from fastapi import APIRouter

from app.routers import members, projects, tags, tasks

router = APIRouter()
for feature in (projects, members, tags, tasks):
    router.include_router(feature.router)
