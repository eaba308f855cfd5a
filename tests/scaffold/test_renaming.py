"""Replacement of names in code and in texts."""

import pytest

from scaffold.names import Resource, article_of, plural_of
from scaffold.renaming import Renaming
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

TAG = Resource("tag", "tags")
TO_TIME_ENTRY = Renaming((TAG, Resource("time_entry", "time_entries")))
TO_TAG_GROUP = Renaming((TAG, Resource("tag_group", "tag_groups")))
IN_TASK = Renaming(
    (TAG, Resource("label", "labels")), (Resource("project", "projects"), Resource("task", "tasks"))
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tag", "time_entry"),
        ("tags", "time_entries"),
        ("Tag", "TimeEntry"),
        ("TagTaken", "TimeEntryTaken"),
        ("TooManyTags", "TooManyTimeEntries"),
        ("MAX_TAGS", "MAX_TIME_ENTRIES"),
        ("TAG_NAME_MAX_LENGTH", "TIME_ENTRY_NAME_MAX_LENGTH"),
        ("_tag2", "_tag2"),
        ("TagTagged", "TimeEntryTagged"),
        ("stage", "stage"),
        ("ETag", "ETag"),
        ("etag", "etag"),
        ("vintages", "vintages"),
        ("test_a_tag_is_a_409", "test_a_time_entry_is_a_409"),
    ],
)
def test_an_identifier_is_renamed_word_by_word(old: str, new: str) -> None:
    assert TO_TIME_ENTRY.identifier(old) == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Create a tag. Raises TagTaken.", "Create a time entry. Raises TimeEntryTaken."),
        ("Tags of a project.", "Time entries of a project."),
        (
            "A project's tags: `tag.id`, `tags`",
            "A project's time entries: `time_entry.id`, `time_entries`",
        ),
        ("tag.created", "time_entry.created"),
        ("tag_taken", "time_entry_taken"),
        ("tags", "time_entries"),
        ("app.tags.service.MAX_TAGS", "app.time_entries.service.MAX_TIME_ENTRIES"),
        ("/projects/{project_id}/tags", "/projects/{project_id}/time-entries"),
        ("/{tag_id}", "/{time_entry_id}"),
        ("uq_tags_project_id_name_key", "uq_time_entries_project_id_name_key"),
        ("a stage of the ETag", "a stage of the ETag"),
    ],
)
def test_a_text_has_spaces_hyphens_or_underscores_where_they_belong(old: str, new: str) -> None:
    assert TO_TIME_ENTRY.text(old) == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('create_router("/tags", tag="tags")', 'create_router("/time-entries", tag="time_entries")'),
        ("TagService(tags=tags)", "TimeEntryService(time_entries=time_entries)"),
        ("create_tag(tag=tag)", "create_time_entry(time_entry=time_entry)"),
        ('f"{PATH}/tags/{{tag_id}}"', 'f"{PATH}/time-entries/{{time_entry_id}}"'),
        ("f\"a tag {tag['id']}\"", "f\"a time entry {time_entry['id']}\""),
        ("tag = 1  # a tag: tag.id", "time_entry = 1  # a time entry: time_entry.id"),
        ('r"""Tag\\."""', 'r"""Time entry\\."""'),
    ],
)  # fmt: skip
def test_code_keeps_keywords_of_other_functions(old: str, new: str) -> None:
    assert TO_TIME_ENTRY.code(old) == new


def test_a_name_that_contains_the_old_one_is_not_renamed_twice() -> None:
    renamed = TO_TAG_GROUP.code("tags = [Tag(tag_id)]  # Tags")

    assert renamed == "tag_groups = [TagGroup(tag_group_id)]  # Tag groups"


def test_the_article_fits_the_new_name() -> None:
    to_item = Renaming((TAG, Resource("item", "items")))

    assert to_item.text("A tag, a long tag") == "An item, a long item"
    assert to_item.identifier("test_a_tag_of_a_user") == "test_an_item_of_a_user"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from app.projects.service import ProjectAccess", "from app.tasks.service import TaskAccess"),
        ("from app.projects.models import MemberRole", "from app.projects.models import MemberRole"),
        ("from app.tags.errors import TagTaken", "from app.labels.errors import LabelTaken"),
        ("from app.tags.models import MAX_LENGTH", "from app.labels.models import MAX_LENGTH"),
        ("router('/projects/{project_id}/tags')", "router('/tasks/{task_id}/labels')"),
    ],
)  # fmt: skip
def test_other_names_of_the_old_parent_are_imported_from_it(old: str, new: str) -> None:
    assert IN_TASK.code(old) == new


@pytest.mark.parametrize(
    ("singular", "plural", "article"),
    [
        ("label", "labels", "a"),
        ("time_entry", "time_entries", "a"),
        ("survey", "surveys", "a"),
        ("address", "addresses", "an"),
        ("box", "boxes", "a"),
        ("branch", "branches", "a"),
        ("invoice", "invoices", "an"),
        ("unit", "units", "a"),
        ("upload", "uploads", "an"),
        ("hour", "hours", "an"),
        ("event", "events", "an"),
    ],
)
def test_a_name_has_a_regular_plural_and_an_article(
    singular: str, plural: str, article: str
) -> None:
    assert (plural_of(singular), article_of(singular)) == (plural, article)
