"""Tests of the selection of tests for a change."""

import subprocess
from pathlib import Path

import pytest

from app.features import FEATURES
from tests.architecture import selection
from tests.architecture.articles import narrowed
from tests.architecture.mutations import MUTATIONS, Mutation
from tests.architecture.selection import Selection, changed_files, select
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database


@pytest.mark.parametrize(
    ("path", "features", "selected", "skipped"),
    [
        # Only the router of the application imports it.
        (
            "app/passwords/router.py",
            {"passwords"},
            "tests/passwords/test_password_reset.py",
            "tests/outbox",
        ),
        ("app/passwords/service.py", {"passwords"}, "tests/security/test_access.py", "tests/core"),
        (
            "app/passwords/templates/x.html",
            {"passwords"},
            "tests/contract/test_tour.py",
            "tests/core",
        ),
        (
            "app/verification/service.py",
            {"verification", "accounts"},
            "tests/accounts/test_accounts.py",
            "tests/core",
        ),
        (
            "app/outbox/models.py",
            {"outbox", "passwords"},
            "tests/migrations/test_schema.py",
            "tests/docs",
        ),
        (
            "tests/passwords/registry.py",
            {"passwords"},
            "tests/security/test_input.py",
            "tests/outbox",
        ),
        ("tests/http/test_cors.py", set(), "tests/http/test_cors.py", "tests/security"),
        ("tests/contract/readme.py", set(), "tests/contract/test_readme.py", "tests/security"),
        ("docs/tour.md", set(), "tests/contract/test_tour.py", "tests/security"),
        (".claude/settings.json", set(), "tests/architecture/test_hooks.py", "tests/contract"),
        ("guardrails/rules.py", set(), "tests/guardrails/test_rules.py", "tests/security"),
    ],
)
def test_a_change_selects_the_tests_that_it_can_break(
    path: str, features: set[str], selected: str, skipped: str
) -> None:
    found = select({path: "M"})

    assert not found.everything_because
    assert features <= {*found.features}
    assert bool(features) == bool(found.features)
    assert selected in found.tests
    assert not [test for test in found.tests if test.startswith(skipped)]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("app/core/clock.py", "M"),
        ("app/core/new.py", "A"),
        ("app/main.py", "M"),
        ("app/removed/service.py", "D"),
        ("migrations/env.py", "M"),
        ("migrations/versions/0001_x.py", "M"),
        ("pyproject.toml", "M"),
        ("requirements.txt", "M"),
        ("tests/conftest.py", "M"),
        ("tests/support/pages.py", "M"),
        ("tests/http/registry.py", "M"),
        ("unknown.txt", "A"),
    ],
)
def test_a_change_that_can_break_any_test_selects_everything(path: str, status: str) -> None:
    found = select({"tests/http/test_cors.py": "M", path: status})

    assert found.everything_because == f"{path} changed"
    assert not found.tests


def test_without_a_change_or_a_main_branch_everything_is_selected() -> None:
    assert select({}).everything_because == "nothing differs from the main branch"
    assert select(None).everything_because == "there is no main branch"


def test_a_new_migration_selects_the_tests_of_migrations() -> None:
    found = select({"migrations/versions/9999_x.py": "A"})

    assert "tests/migrations/test_schema.py" in found.tests


@pytest.mark.parametrize(
    "feature", [feature for feature in FEATURES if feature.hooks], ids=lambda feature: feature.name
)
def test_a_handler_of_a_hook_selects_the_tests_of_the_feature_that_runs_it(feature: object) -> None:
    [name] = [known.name for known in FEATURES if known is feature]

    found = select({f"app/{name}/jobs.py": "M"})

    assert len(found.features) > 1


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.edit.path)
def test_the_edit_of_an_article_selects_the_test_that_notices_it(mutation: Mutation) -> None:
    assert narrowed(mutation).command[: len(mutation.command)] == mutation.command


def test_an_edited_test_for_all_operations_is_not_narrowed_to_a_changed_feature() -> None:
    test = "tests/security/test_access.py"

    alone = select({test: "M"})
    with_feature = select({test: "M", "app/passwords/service.py": "M"})

    assert (alone.tests, alone.features) == ((test,), ())
    assert with_feature.everything_because == f"{test} and a feature changed"


def test_an_edited_browser_test_is_left_to_make_browser() -> None:
    assert select({"tests/browser/test_docs.py": "M"}).tests == ()


def git(folder: Path, *arguments: str) -> None:
    identity = (
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.com",
        "-c",
        "init.defaultBranch=main",
    )
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with two committed files, in which the changes are searched."""
    monkeypatch.setattr(selection, "ROOT", tmp_path)
    (tmp_path / "kept.py").write_text("1")
    (tmp_path / "deleted.py").write_text("1")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--message=x")
    return tmp_path


def test_changes_are_those_since_the_main_branch_committed_or_not(repository: Path) -> None:
    git(repository, "switch", "--create=feature")
    (repository / "committed.py").write_text("1")
    git(repository, "add", ".")
    git(repository, "commit", "--message=x")
    (repository / "kept.py").write_text("2")
    (repository / "deleted.py").unlink()
    (repository / "with space.py").write_text("1")

    assert changed_files() == {
        "committed.py": "A",
        "kept.py": "M",
        "deleted.py": "D",
        "with space.py": "A",
    }


def test_changes_are_unknown_without_a_main_branch(repository: Path) -> None:
    git(repository, "branch", "--move", "other")

    assert changed_files() is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("    a,\n    new,\n    a.feature,\n    new.feature,\n    b.feature,\n", {"app.new"}),
        ("    a,\n    b.feature,\n    a.feature,\n    new.feature,\n", None),
        ("    a,\n    a.feature,\n", None),
    ],
)
def test_the_list_of_features_selects_the_added_ones_or_else_everything(
    repository: Path, monkeypatch: pytest.MonkeyPatch, now: str, expected: set[str] | None
) -> None:
    file = repository / "app" / "features.py"
    file.parent.mkdir()
    file.write_text("    a,\n    a.feature,\n    b.feature,\n")
    git(repository, "add", ".")
    git(repository, "commit", "--message=x")
    file.write_text(now)
    monkeypatch.setattr(selection, "_modules_of", lambda *names: {f"app.{name}" for name in names})
    monkeypatch.setattr(selection, "_follow_imports", lambda affected: affected.modules)

    found = select({"app/features.py": "M"})

    assert found == (expected or Selection("app/features.py changed"))
