"""Notes over the API."""

from asyncio import gather
from collections import Counter

import pytest
from httpx import AsyncClient

from app.core.ids import new_id
from app.notes.models import BODY_MAX_LENGTH, TITLE_MAX_LENGTH, Note
from tests.notes.factory import create_note
from tests.support.factories import API, Factory
from tests.support.pages import walk

NOTES = f"{API}/notes"


class TestCreate:
    async def test_creating_a_note_returns_it_with_201_and_its_location(
        self, factory: Factory
    ) -> None:
        login = await factory.login()
        body = {"title": "Groceries", "body": "Bread\nTea"}

        response = await login.post(NOTES, json=body)

        assert response.status_code == 201
        note = response.json()
        assert {name: note[name] for name in body} == body
        assert response.headers["Location"] == f"{NOTES}/{note['id']}"
        assert (await login.get(f"{NOTES}/{note['id']}")).json() == note

    async def test_a_title_is_trimmed_before_its_length_is_checked(self, factory: Factory) -> None:
        login = await factory.login()
        title = "x" * TITLE_MAX_LENGTH

        response = await login.post(NOTES, json={"title": f"  {title} "})

        assert (response.status_code, response.json()["title"]) == (201, title)

    @pytest.mark.parametrize(
        "fields",
        [
            {"title": ""},
            {"title": " \t "},
            {"title": "x" * (TITLE_MAX_LENGTH + 1)},
            {"title": "two\nlines"},
            {"title": None},
            {"body": "x" * (BODY_MAX_LENGTH + 1)},
            {"body": None},
            {"body": "\x00"},
        ],
    )
    async def test_creating_a_note_with_an_invalid_value_is_a_422(
        self, factory: Factory, fields: dict[str, object]
    ) -> None:
        login = await factory.login()
        (field,) = fields

        response = await login.post(NOTES, json={"title": "Groceries", **fields})

        assert response.status_code == 422
        assert [error["pointer"] for error in response.json()["errors"]] == [f"/{field}"]


class TestLimit:
    async def test_a_note_above_the_maximum_is_a_409_until_one_is_deleted(
        self, factory: Factory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.notes.repository.MAX_NOTES", 2)
        login = await factory.login()
        first = await create_note(factory, login.user)
        await create_note(factory, login.user)
        await create_note(factory, await factory.user())

        too_many = await login.post(NOTES, json={"title": "Third"})
        await login.delete(f"{NOTES}/{first.id}")
        again = await login.post(NOTES, json={"title": "Third"})

        assert (too_many.status_code, too_many.json()["code"]) == (409, "too_many_notes")
        assert again.status_code == 201

    async def test_concurrent_requests_create_no_more_notes_than_the_maximum(
        self, live_factory: Factory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.notes.repository.MAX_NOTES", 3)
        login = await live_factory.login()

        responses = await gather(
            *[login.post(NOTES, json={"title": str(number)}) for number in range(10)]
        )

        assert Counter(response.status_code for response in responses) == {201: 3, 409: 7}
        assert await live_factory.count(Note, owner_id=login.user.id) == 3


class TestList:
    async def test_the_list_of_notes_contains_the_own_notes_newest_first(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login = await factory.login()
        await create_note(factory, await factory.user())
        notes = [await create_note(factory, login.user) for _ in range(3)]

        pages = await walk(client, NOTES, login.headers, limit=2)

        first, second, third = [str(note.id) for note in notes]
        assert pages == [[third, second], [first]]


class TestUpdate:
    async def test_updating_a_note_keeps_missing_fields(self, factory: Factory) -> None:
        login = await factory.login()
        note = await create_note(factory, login.user)
        path = f"{NOTES}/{note.id}"

        response = await login.patch(path, json={"title": "Errands"})

        changed = response.json()
        assert (changed["title"], changed["body"]) == ("Errands", note.body)
        assert changed["updated_at"] > changed["created_at"]
        assert (await login.get(path)).json() == changed

    async def test_an_update_without_changes_keeps_the_time_of_the_last_change(
        self, factory: Factory
    ) -> None:
        login = await factory.login()
        note = await create_note(factory, login.user)
        path = f"{NOTES}/{note.id}"
        before = (await login.get(path)).json()

        response = await login.patch(path, json={"title": note.title})

        assert response.json() == before


class TestDelete:
    async def test_a_deleted_note_is_a_404(self, factory: Factory) -> None:
        login = await factory.login()
        note = await create_note(factory, login.user)
        path = f"{NOTES}/{note.id}"

        deleted = await login.delete(path)
        again = await login.delete(path)

        assert (deleted.status_code, again.status_code) == (204, 404)
        assert await factory.count(Note, id=note.id) == 0

    async def test_deleting_a_user_deletes_only_the_own_notes(self, factory: Factory) -> None:
        admin, login = await factory.admin(), await factory.login()
        await create_note(factory, login.user)
        kept = await create_note(factory, admin.user)

        await admin.delete(f"{API}/users/{login.user.id}")

        assert await factory.count(Note, owner_id=login.user.id) == 0
        assert await factory.count(Note, id=kept.id) == 1


async def test_each_change_of_a_note_adds_an_entry_to_the_audit_trail(factory: Factory) -> None:
    admin, login = await factory.admin(), await factory.login()

    created = await login.post(NOTES, json={"title": "Groceries"})
    path = f"{NOTES}/{created.json()['id']}"
    await login.patch(path, json={"body": "Bread"})
    await login.delete(path)
    await login.delete(f"{NOTES}/{new_id()}")

    activity = await admin.get(f"{API}/users/{login.user.id}/activity")
    actions = [item["action"] for item in activity.json()["items"]]
    assert actions == ["note.deleted", "note.updated", "note.created"]
