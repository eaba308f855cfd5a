"""Names that are refused before a file is written."""

from pathlib import Path

import pytest

from scaffold.checks import find_clashes, find_faults_of_form
from scaffold.names import Resource
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

NOTE = Resource("note", "notes")
SOURCES = [
    "router = create_router()",
    "def create_note(body): note = Note(body)",
    "class Note: pass",
]


@pytest.mark.parametrize(
    ("singular", "plural", "reason"),
    [
        ("", "", "`` is not in snake case"),
        ("TimeEntry", "", "not in snake case"),
        ("time-entry", "", "not in snake case"),
        ("_label", "", "not in snake case"),
        ("2nd_label", "", "not in snake case"),
        ("label; rm -r .", "", "not in snake case"),
        ("label", "All", "`All` is not in snake case"),
        ("a_label_with_a_long_name", "", "more than 20 characters"),
        ("class", "classes", "uses `class`"),
        ("type", "", "uses `type`"),
        ("id", "", "uses `id`"),
        ("metadata", "", "uses `metadata`"),
        ("value", "", "uses `values`"),
        ("labels", "", "looks like a plural"),
        ("sheep", "sheep", "the plural is also `sheep`"),
        ("test_case", "", "takes `test_case` for a test"),
    ],
)
def test_a_name_of_a_wrong_form_is_refused(singular: str, plural: str, reason: str) -> None:
    assert reason in next(find_faults_of_form(singular, plural))


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("label", ""),
        ("time_entry", ""),
        ("person", "people"),
        ("notebook", ""),
        ("address", ""),
        ("status", ""),
        ("lens", "lenses"),
    ],
)
def test_a_name_of_the_right_form_is_accepted(singular: str, plural: str) -> None:
    assert list(find_faults_of_form(singular, plural)) == []


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (Resource("user", "users"), "there is `app/users`"),
        (Resource("main", "mains"), "there is `app/mains.py`"),
        (Resource("support", "supports"), "there is `tests/supports`"),
        (Resource("membership", "memberships"), "there is a table `memberships`"),
        (Resource("router", "routers"), "the code uses `create_router`"),
        (Resource("body", "bodies"), "the code uses `body`"),
        (Resource("member", "members"), "the code uses `Member`"),
    ],
)
def test_a_name_that_the_project_uses_is_refused(
    tmp_path: Path, new: Resource, reason: str
) -> None:
    for folder in ("app/users", "tests/supports"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "app" / "mains.py").write_text("")
    models = 'class Member(Base):\n    __tablename__ = "memberships"\n'
    (tmp_path / "app" / "users" / "models.py").write_text(models)

    assert reason in next(find_clashes(NOTE, new, SOURCES, tmp_path))
    assert list(find_clashes(NOTE, Resource("label", "labels"), SOURCES, tmp_path)) == []
