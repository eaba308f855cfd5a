"""Routes for accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.accounts.dependencies import AccountServiceDep, limit_registration
from app.accounts.schemas import AccountDeletion, ProfileUpdate, UserCreate, UserUpdate
from app.audit.dependencies import AuditTrailDep
from app.audit.schemas import ActivityPublic
from app.authentication.dependencies import (
    ActorDep,
    AdminDep,
    CurrentUserDep,
    get_admin,
    limit_password_check,
)
from app.core.errors import PermissionDenied
from app.core.pagination import Page, PageQuery
from app.http.dependencies import HashSlotDep, hashes_passwords
from app.http.openapi import error_responses
from app.http.routing import create_router, set_location
from app.users.errors import (
    EmailTaken,
    LastAdmin,
    SoleOwner,
    UserNotFound,
    WeakPassword,
    WrongPassword,
)
from app.users.models import User
from app.users.schemas import UserPublic

router = create_router("/users", tag="users")


@router.post(
    "",
    status_code=201,
    dependencies=[Depends(limit_registration)],
    responses=error_responses(EmailTaken, WeakPassword),
)
@hashes_passwords()
async def register_user(
    body: UserCreate, slot: HashSlotDep, accounts: AccountServiceDep, response: Response
) -> UserPublic:
    """Register a user. A token that verifies the address is mailed to it."""
    user = await accounts.register(body, slot=slot)
    set_location(response, f"/users/{user.id}")
    return user


@router.get("/me", response_model=UserPublic)
async def read_current_user(user: CurrentUserDep) -> User:
    """Return your account."""
    return user


@router.patch("/me")
async def update_current_user(
    body: ProfileUpdate, actor: ActorDep, accounts: AccountServiceDep
) -> UserPublic:
    """Change your profile. An absent field is unchanged; null clears it."""
    return await accounts.update_profile(actor, body)


@router.post(
    "/me/deletion",
    status_code=204,
    dependencies=[Depends(limit_password_check)],
    responses=error_responses(WrongPassword, LastAdmin, SoleOwner),
)
@hashes_passwords()
async def delete_current_user(
    body: AccountDeletion, slot: HashSlotDep, user: CurrentUserDep, accounts: AccountServiceDep
) -> None:
    """Delete your account permanently."""
    await accounts.delete_own(user, password=body.password, slot=slot)


@router.get("", dependencies=[Depends(get_admin)], responses=error_responses(PermissionDenied))
async def list_users(
    query: Annotated[PageQuery, Query()], accounts: AccountServiceDep
) -> Page[UserPublic]:
    """List all users, newest first. Requires the admin role."""
    return await accounts.get_page(query)


@router.get(
    "/{user_id}",
    dependencies=[Depends(get_admin)],
    responses=error_responses(PermissionDenied, UserNotFound),
)
async def read_user(user_id: UUID, accounts: AccountServiceDep) -> UserPublic:
    """Return a user. Requires the admin role."""
    return await accounts.get(user_id=user_id)


@router.patch("/{user_id}", responses=error_responses(PermissionDenied, UserNotFound, LastAdmin))
async def update_user(
    user_id: UUID, body: UserUpdate, admin: AdminDep, accounts: AccountServiceDep
) -> UserPublic:
    """Change the name or the role of a user, or deactivate the account. Requires the admin role."""
    return await accounts.update(admin, body, user_id=user_id)


@router.delete(
    "/{user_id}",
    status_code=204,
    responses=error_responses(PermissionDenied, UserNotFound, LastAdmin, SoleOwner),
)
async def delete_user(user_id: UUID, admin: AdminDep, accounts: AccountServiceDep) -> None:
    """Delete a user permanently. Requires the admin role."""
    await accounts.delete(admin, user_id=user_id)


@router.get(
    "/{user_id}/activity",
    dependencies=[Depends(get_admin)],
    responses=error_responses(PermissionDenied),
)
async def list_user_activity(
    user_id: UUID, query: Annotated[PageQuery, Query()], audit: AuditTrailDep
) -> Page[ActivityPublic]:
    """List changes by a user and to the account, newest first. Requires the admin role.

    The activity of deleted users is kept.
    """
    return await audit.get_page_of_user(query, user_id=user_id)
