"""Copies of the reference features."""

import ast
import subprocess
import sys

import pytest

from scaffold.checks import MAX_LENGTH
from scaffold.names import Resource
from scaffold.resource import BIN, FEATURES, ROOT, TEMPLATES, Template, add_feature
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database
LISTED = """\
from app import (
    notes,
    projects,
)

FEATURES: tuple[Feature, ...] = (
    notes.feature,
    projects.feature,
)
"""
LONGEST = Resource("a" * (MAX_LENGTH // 2) + "_" + "b" * (MAX_LENGTH // 2 - 1), "c" * MAX_LENGTH)


def test_a_feature_is_imported_and_listed_after_another_one() -> None:
    source = add_feature(LISTED, "labels", after="notes")

    imports, features = ast.parse(source).body
    assert "notes, labels, projects" in ast.unparse(imports)
    assert "(notes.feature, labels.feature, projects.feature)" in ast.unparse(features)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_the_linter_accepts_a_copy_with_the_longest_name(template: Template) -> None:
    for source in template.sources():
        code = template.code(source.read_text(), LONGEST)
        for command in ("format", "check --ignore=I001"):
            done = subprocess.run(
                [BIN / "ruff", *command.split(), "-", f"--stdin-filename={source}"],
                input=code,
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout
            code = done.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["label", "folder", ""], "IN=folder is not possible"),
        (["import", "", ""], "uses `import`"),
        (["user", "", ""], "there is"),
    ],
)
def test_a_refused_resource_is_one_line_and_writes_nothing(
    arguments: list[str], reason: str
) -> None:
    before = FEATURES.read_bytes()

    done = subprocess.run(
        [sys.executable, "-m", "scaffold.resource", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert FEATURES.read_bytes() == before
