"""Service for members."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter

from app.audit.service import Actor, AuditTrail
from app.core.pagination import Cursors, Page, PageQuery
from app.core.repositories import Lock
from app.members.errors import InviteeNotFound, LastOwner, MemberNotFound
from app.members.repository import MemberRepository
from app.members.schemas import MemberCreate, MemberPublic, MemberUpdate
from app.projects.models import MemberRole, Membership
from app.projects.service import ProjectAccess
from app.users.models import User
from app.users.repository import UserRepository

_POSITION: TypeAdapter[tuple[UUID]] = TypeAdapter(tuple[UUID])


@dataclass(frozen=True, kw_only=True)
class MemberService:
    """Service that adds, lists, changes and removes members. A project always has an owner."""

    members: MemberRepository
    users: UserRepository
    access: ProjectAccess
    before_removal: Callable[[UUID, UUID], Awaitable[None]]
    audit: AuditTrail
    cursors: Cursors

    async def get_page(
        self, actor: Actor, query: PageQuery, *, project_id: UUID
    ) -> Page[MemberPublic]:
        """Return a page of members, by user id. Raises ProjectNotFound, InvalidInput."""
        await self.access.get(actor, project_id=project_id)
        list_name = f"members of {project_id}"
        page_request = self.cursors.page_request(list_name, query, _POSITION)
        return await self.members.get_page(page_request, project_id=project_id)

    async def add(self, actor: Actor, data: MemberCreate, *, project_id: UUID) -> MemberPublic:
        """Add a member.

        Raises ProjectNotFound, PermissionDenied, InviteeNotFound, AlreadyMember.
        """
        access = await self.access.get(actor, project_id=project_id)
        access.require(MemberRole.OWNER)
        found = await self.users.get_by_email(data.email)
        # Before the project, as in the deletion of a user, so that no deadlock occurs.
        invitee = await self.users.lock(found.id) if found else None
        if invitee is None or not invitee.is_active or invitee.email_verified_at is None:
            raise InviteeNotFound
        await self._lock(MemberRole.OWNER, actor, project_id)
        membership = Membership(project_id=project_id, user_id=invitee.id, role=data.role)
        await self.members.add(membership)
        await self.audit.record(
            "member.added",
            actor=actor,
            resource_id=invitee.id,
            scope_id=project_id,
            details={"role": data.role},
        )
        return _public(membership, invitee)

    async def update(
        self, actor: Actor, data: MemberUpdate, *, project_id: UUID, member_id: UUID
    ) -> MemberPublic:
        """Change a member's role.

        Raises ProjectNotFound, PermissionDenied, MemberNotFound, LastOwner.
        """
        await self._lock(MemberRole.OWNER, actor, project_id)
        membership, member = await self._get(project_id, member_id)
        role = data.model_dump(exclude_unset=True).get("role", membership.role)
        if role is not membership.role:
            await self._keep_an_owner(membership)
            membership.role = role
            await self.audit.record(
                "member.changed",
                actor=actor,
                resource_id=member_id,
                scope_id=project_id,
                details={"role": role},
            )
        return _public(membership, member)

    async def remove(self, actor: Actor, *, project_id: UUID, member_id: UUID) -> None:
        """Remove a member, or leave.

        Raises ProjectNotFound, PermissionDenied, MemberNotFound, LastOwner.
        """
        role = MemberRole.VIEWER if member_id == actor.user_id else MemberRole.OWNER
        await self._lock(role, actor, project_id)
        membership, _ = await self._get(project_id, member_id)
        await self._keep_an_owner(membership)
        await self.before_removal(project_id, member_id)
        await self.members.remove(membership)
        await self.audit.record(
            "member.removed", actor=actor, resource_id=member_id, scope_id=project_id
        )

    async def _lock(self, role: MemberRole, actor: Actor, project_id: UUID) -> None:
        access = await self.access.get(actor, project_id=project_id, lock=Lock.EXCLUSIVE)
        access.require(role)

    async def _get(self, project_id: UUID, member_id: UUID) -> tuple[Membership, User]:
        found = await self.members.get(project_id=project_id, user_id=member_id)
        if found is None:
            raise MemberNotFound
        return found

    async def _keep_an_owner(self, membership: Membership) -> None:
        """Raise LastOwner if the member is the only owner."""
        if membership.role is MemberRole.OWNER and not await self.members.has_other_owner(
            project_id=membership.project_id, user_id=membership.user_id
        ):
            raise LastOwner


def _public(membership: Membership, user: User) -> MemberPublic:
    return MemberPublic(
        user_id=user.id,
        email=user.email,
        full_name=user.full_name,
        role=membership.role,
        created_at=membership.created_at,
    )
