"""Who works in a project."""

from uuid import UUID

from pydantic import TypeAdapter

from app.audit.service import ActivityService
from app.core import clock
from app.core.pagination import Cursors, PageQuery, Slice
from app.members.errors import InviteeNotFound, LastOwner, MemberNotFound
from app.members.repository import MemberRepository
from app.members.schemas import MemberCreate, MemberPublic, MemberUpdate
from app.projects.access import ProjectAccess
from app.projects.models import MemberRole, Membership
from app.projects.repository import Lock
from app.tasks.repository import TaskRepository
from app.users.models import User
from app.users.repository import UserRepository

_POSITION: TypeAdapter[UUID] = TypeAdapter(UUID)


class MemberService:
    """Invites, changes and removes members. A project always keeps an owner."""

    def __init__(
        self,
        *,
        members: MemberRepository,
        tasks: TaskRepository,
        users: UserRepository,
        access: ProjectAccess,
        activity: ActivityService,
        cursors: Cursors,
    ) -> None:
        self._members = members
        self._tasks = tasks
        self._users = users
        self._access = access
        self._activity = activity
        self._cursors = cursors

    async def get_page(
        self, user_id: UUID, project_id: UUID, query: PageQuery
    ) -> Slice[MemberPublic]:
        """A page of members, by id. Raises ProjectNotFound."""
        list_name = f"members of {project_id}"
        after = self._cursors.open(list_name, query.cursor, _POSITION)
        members, end = await self._members.get_page(
            project_id, user_id=user_id, after=after, limit=query.limit
        )
        if not members:
            await self._access.require(MemberRole.VIEWER, project_id, user_id=user_id)
        return Slice(members, self._cursors.seal(list_name, end))

    async def add(self, user_id: UUID, project_id: UUID, data: MemberCreate) -> MemberPublic:
        """A new member. Raises ProjectNotFound, PermissionDenied, InviteeNotFound,
        AlreadyMember.
        """
        await self._access.require(MemberRole.OWNER, project_id, user_id=user_id)
        found = await self._users.get_by_email(data.email)
        # Before the project, as a deletion of the user does, or the two could deadlock.
        invitee = await self._users.lock(found.id) if found else None
        if invitee is None or not invitee.is_active or invitee.email_verified_at is None:
            raise InviteeNotFound
        await self._access.require(
            MemberRole.OWNER, project_id, user_id=user_id, lock=Lock.EXCLUSIVE
        )
        membership = Membership(project_id=project_id, user_id=invitee.id, role=data.role)
        await self._members.add(membership)
        await self._activity.record(
            "member.added",
            by=user_id,
            on=invitee.id,
            within=project_id,
            details={"role": data.role},
        )
        return _public(membership, invitee)

    async def update(
        self, user_id: UUID, project_id: UUID, member_id: UUID, data: MemberUpdate
    ) -> MemberPublic:
        """Change a member's role. Raises ProjectNotFound, PermissionDenied, MemberNotFound,
        LastOwner.
        """
        await self._access.require(
            MemberRole.OWNER, project_id, user_id=user_id, lock=Lock.EXCLUSIVE
        )
        membership, member = await self._get(project_id, member_id)
        role = data.model_dump(exclude_unset=True).get("role", membership.role)
        if role is not membership.role:
            await self._keep_an_owner(membership)
            membership.role = role
            await self._activity.record(
                "member.changed",
                by=user_id,
                on=member_id,
                within=project_id,
                details={"role": role},
            )
        return _public(membership, member)

    async def remove(self, user_id: UUID, project_id: UUID, member_id: UUID) -> None:
        """Remove a member, or leave; the member's tasks are left unassigned.

        Raises ProjectNotFound, PermissionDenied, MemberNotFound, LastOwner.
        """
        needed = MemberRole.VIEWER if member_id == user_id else MemberRole.OWNER
        await self._access.require(needed, project_id, user_id=user_id, lock=Lock.EXCLUSIVE)
        membership, _ = await self._get(project_id, member_id)
        await self._keep_an_owner(membership)
        await self._members.remove(membership)
        await self._tasks.unassign(project_id, member_id, now=clock.now())
        await self._activity.record("member.removed", by=user_id, on=member_id, within=project_id)

    async def _get(self, project_id: UUID, member_id: UUID) -> tuple[Membership, User]:
        found = await self._members.get(project_id, member_id)
        if found is None:
            raise MemberNotFound
        return found

    async def _keep_an_owner(self, membership: Membership) -> None:
        """Raises LastOwner if the membership is that of the only owner."""
        if membership.role is MemberRole.OWNER and not await self._members.has_other_owner(
            membership.project_id, membership.user_id
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
