"""Construction of the seed service."""

from app.members.repository import MemberRepository
from app.projects.repository import ProjectRepository
from app.runtime.unit_of_work import UnitOfWork
from app.seed.repository import SeedRepository
from app.seed.service import SeedService
from app.tags.repository import TagRepository
from app.users.repository import UserRepository


async def get_seed_service(unit: UnitOfWork) -> SeedService:
    """Return the seed service in this unit of work."""
    return SeedService(
        users=UserRepository(unit.session),
        projects=ProjectRepository(unit.session),
        members=MemberRepository(unit.session),
        tags=TagRepository(unit.session),
        rows=SeedRepository(unit.session),
    )
