"""Audit trail of identity: its entries, its readers, and its protection against changes."""

import os
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select, text, update

from app.audit.models import Activity
from app.core.ids import new_id
from app.runtime.resources import Resources
from app.users.models import User
from tests.support.factories import (
    API,
    OTHER_PASSWORD,
    PASSWORD,
    Factory,
    login_of,
    refresh,
    registration,
    request_token,
    token_in,
)
from tests.support.inbox import Inbox
from tests.support.pages import walk


async def trail_of(resources: Resources, user: User) -> list[tuple[str, bool, dict[str, str]]]:
    """Return (action, actor is the user, details) of each entry about the user, oldest first."""
    statement = select(Activity).where(Activity.scope_id == user.id).order_by(col(Activity.id))
    async with resources.database.transaction(read_only=True) as session:
        entries = (await session.exec(statement)).all()
    return [(entry.action, entry.actor_id == user.id, entry.details) for entry in entries]


class TestIdentity:
    async def test_each_change_of_an_account_is_recorded_in_the_audit_trail(
        self, client: AsyncClient, resources: Resources, factory: Factory, inbox: Inbox
    ) -> None:
        admin = await factory.admin()
        body = registration(email="ada@example.com")
        created = (await client.post(f"{API}/users", json=body)).json()
        await client.post(
            f"{API}/auth/verify-email", json={"token": token_in((await inbox.read())[0])}
        )
        user = await factory.stored_user(UUID(created["id"]))
        assert user is not None
        login = login_of(client, user, await request_token(client, user.email))

        await login.patch(f"{API}/users/me", json={"full_name": "Ada"})
        await login.post(
            f"{API}/users/me/password",
            json={"current_password": PASSWORD, "new_password": OTHER_PASSWORD},
        )
        await login.delete(f"{API}/auth/sessions")
        await client.post(f"{API}/auth/revoke", data={"token": login.refresh_token})
        await client.post(f"{API}/auth/password-reset", json={"email": user.email})
        reset = {"token": token_in((await inbox.read())[-1]), "new_password": PASSWORD}
        await client.post(f"{API}/auth/password-reset/confirm", json=reset)
        await admin.patch(f"{API}/users/{user.id}", json={"role": "admin", "is_active": True})
        await admin.delete(f"{API}/users/{user.id}")

        assert await trail_of(resources, user) == [
            ("user.registered", True, {}),
            ("user.email_verified", True, {}),
            ("session.started", True, {}),
            ("user.updated", True, {"fields": "full_name"}),
            ("user.password_changed", True, {}),
            ("user.other_sessions_ended", True, {}),
            ("session.ended", True, {}),
            ("user.password_reset", True, {}),
            ("user.updated", False, {"fields": "role", "role": "admin"}),
            ("user.deleted", False, {}),
        ]

    async def test_a_reused_refresh_token_is_recorded_although_the_request_fails(
        self, client: AsyncClient, resources: Resources, factory: Factory
    ) -> None:
        login = await factory.login()
        second = (await refresh(client, login.refresh_token)).json()["refresh_token"]
        await refresh(client, second)

        response = await refresh(client, login.refresh_token)

        assert response.status_code == 400
        assert await trail_of(resources, login.user) == [
            ("session.ended", False, {"reason": "token_reused"})
        ]

    async def test_a_failed_log_in_adds_no_row_to_the_audit_trail(
        self, client: AsyncClient, resources: Resources, factory: Factory
    ) -> None:
        user = await factory.user()

        await request_token(client, user.email, OTHER_PASSWORD)

        assert await trail_of(resources, user) == []


class TestReading:
    async def test_admins_see_the_actions_of_a_user_and_the_actions_on_the_account(
        self, factory: Factory
    ) -> None:
        admin, other = await factory.admin(), await factory.admin()
        user = await factory.user()
        await admin.patch(f"{API}/users/{user.id}", json={"role": "admin"})
        await other.patch(
            f"{API}/users/{admin.user.id}",
            json={"full_name": "Grace"},
            headers={"X-Request-ID": "renaming"},
        )

        response = await other.get(f"{API}/users/{admin.user.id}/activity")

        done_to, did = response.json()["items"]
        assert (done_to["actor_id"], done_to["request_id"]) == (str(other.user.id), "renaming")
        assert (did["actor_id"], did["resource_id"]) == (str(admin.user.id), str(user.id))

    async def test_the_audit_trail_of_a_deleted_user_is_kept(self, factory: Factory) -> None:
        admin = await factory.admin()
        user = await factory.user()
        await admin.delete(f"{API}/users/{user.id}")

        response = await admin.get(f"{API}/users/{user.id}/activity")

        assert [item["action"] for item in response.json()["items"]] == ["user.deleted"]

    @pytest.mark.parametrize("limit", [1, 2, 3, 100])
    async def test_the_audit_trail_lists_each_entry_once_newest_first(
        self, client: AsyncClient, factory: Factory, resources: Resources, limit: int
    ) -> None:
        admin = await factory.admin()
        me, other = admin.user.id, new_id()
        about = [(me, me), (me, other), (other, me), (None, me), (me, other), (me, me)]
        rows = [
            Activity(
                actor_id=by,
                action="user.updated",
                resource_id=scope,
                scope_id=scope,
                request_id=None,
                details={},
                created_at=admin.user.created_at,
            )
            for by, scope in about
        ]
        async with resources.database.transaction() as session:
            session.add_all(rows)

        pages = await walk(client, f"{API}/users/{me}/activity", admin.headers, limit=limit)

        walked = [id_ for page in pages for id_ in page]
        assert walked == sorted((str(row.id) for row in rows), reverse=True)


@pytest.mark.skipif(
    "TEST_DATABASE_URL" not in os.environ, reason="SQLite has no append-only trigger"
)
class TestAppendOnly:
    @pytest.mark.parametrize(
        "statement",
        [update(Activity).values(action="x"), delete(Activity), text("TRUNCATE activity")],
        ids=["update", "delete", "truncate"],
    )
    async def test_the_database_rejects_updates_and_deletions_in_the_audit_trail(
        self, resources: Resources, statement: object
    ) -> None:
        async with resources.database.engine.connect() as connection:
            with pytest.raises(IntegrityError, match="activity is append-only"):
                await connection.execute(statement)  # type: ignore[call-overload]  # any of them
