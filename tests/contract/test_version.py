"""Version of the project, which `pyproject.toml` defines."""

import re

from app.core.migrations import ROOT
from app.main import VERSION
from tests.support.operations import DOCUMENT


def test_document_and_changelog_have_the_version_of_the_project() -> None:
    released = re.findall(r"(?m)^## \[(\d\S*)\]", (ROOT / "CHANGELOG.md").read_text())

    assert DOCUMENT["info"]["version"] == VERSION
    assert released[0] == VERSION
