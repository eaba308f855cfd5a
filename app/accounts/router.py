"""Accounts: one's own, and all of them for admins."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from app.accounts.schemas import AccountDeletion, ProfileUpdate, UserCreate, UserUpdate
from app.audit.schemas import ActivityPublic
from app.authentication.dependencies import (
    AdminDep,
    CurrentUserDep,
    HashSlotDep,
    PrincipalDep,
    require_admin,
)
from app.authentication.limits import limit_password_check, limit_registration
from app.core.errors import PermissionDenied
from app.core.pagination import Page, PageQuery, Slice
from app.core.schemas import API
from app.http.openapi import refusals
from app.passwords.schemas import PasswordChange
from app.runtime.services import ActivityServiceDep, PasswordServiceDep, UserServiceDep
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

router = APIRouter(prefix="/users", tags=["users"])


@router.post(
    "",
    status_code=201,
    response_model=UserPublic,
    dependencies=[Depends(limit_registration)],
    responses=refusals(EmailTaken, WeakPassword),
)
async def register_user(
    body: UserCreate,
    slot: HashSlotDep,
    users: UserServiceDep,
    response: Response,
) -> User:
    """Register. A mail asks to confirm the address."""
    user = await users.register(body, slot=slot)
    response.headers["Location"] = f"{API}/users/{user.id}"
    return user


@router.get("/me", response_model=UserPublic)
async def read_current_user(user: CurrentUserDep) -> User:
    """Your account."""
    return user


@router.patch("/me", response_model=UserPublic)
async def update_current_user(
    body: ProfileUpdate, user: CurrentUserDep, users: UserServiceDep
) -> User:
    """Change your profile. An absent field stays; null clears it."""
    return await users.update_profile(user.id, body)


@router.post(
    "/me/password",
    status_code=204,
    dependencies=[Depends(limit_password_check)],
    responses=refusals(WrongPassword, WeakPassword),
)
async def change_password(
    body: PasswordChange, slot: HashSlotDep, principal: PrincipalDep, passwords: PasswordServiceDep
) -> None:
    """Change your password. All your other sessions end."""
    await passwords.change(
        principal, current=body.current_password, new=body.new_password, slot=slot
    )


@router.post(
    "/me/deletion",
    status_code=204,
    dependencies=[Depends(limit_password_check)],
    responses=refusals(WrongPassword, LastAdmin, SoleOwner),
)
async def delete_current_user(
    body: AccountDeletion, slot: HashSlotDep, user: CurrentUserDep, users: UserServiceDep
) -> None:
    """Delete your account, for good."""
    await users.delete_own(user, password=body.password, slot=slot)


@router.get(
    "",
    response_model=Page[UserPublic],
    dependencies=[Depends(require_admin)],
    responses=refusals(PermissionDenied),
)
async def list_users(
    query: Annotated[PageQuery, Query()], users: UserServiceDep
) -> Slice[UserPublic]:
    """All users, newest first. For admins."""
    return await users.get_page(query)


@router.get(
    "/{user_id}",
    response_model=UserPublic,
    dependencies=[Depends(require_admin)],
    responses=refusals(PermissionDenied, UserNotFound),
)
async def read_user(user_id: UUID, users: UserServiceDep) -> User:
    """A user. For admins."""
    return await users.get(user_id)


@router.patch(
    "/{user_id}",
    response_model=UserPublic,
    responses=refusals(PermissionDenied, UserNotFound, LastAdmin),
)
async def update_user(
    user_id: UUID, body: UserUpdate, admin: AdminDep, users: UserServiceDep
) -> User:
    """Change a user: name, role, whether active. For admins."""
    return await users.update(user_id, body, by=admin.id)


@router.delete(
    "/{user_id}",
    status_code=204,
    responses=refusals(PermissionDenied, UserNotFound, LastAdmin, SoleOwner),
)
async def delete_user(user_id: UUID, admin: AdminDep, users: UserServiceDep) -> None:
    """Delete a user, for good. For admins."""
    await users.delete(user_id, by=admin.id)


@router.get(
    "/{user_id}/activity",
    response_model=Page[ActivityPublic],
    dependencies=[Depends(require_admin)],
    responses=refusals(PermissionDenied),
)
async def list_user_activity(
    user_id: UUID, query: Annotated[PageQuery, Query()], activity: ActivityServiceDep
) -> Slice[ActivityPublic]:
    """What a user did, and what was done to the account, newest first; deleted users have left
    theirs. For admins.
    """
    return await activity.get_page_of_user(user_id, query)
