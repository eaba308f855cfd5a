"""Tests of the plugin of Claude Code that a clone is."""

import json

from app.main import VERSION
from tests.architecture.project import ROOT
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

FOLDER = ROOT / ".claude-plugin"
PLUGIN = json.loads((FOLDER / "plugin.json").read_text())


def test_the_plugin_lists_all_agents_and_skills() -> None:
    [listed] = json.loads((FOLDER / "marketplace.json").read_text())["plugins"]
    agents = sorted((ROOT / ".claude" / "agents").glob("*.md"))

    assert PLUGIN["agents"] == [f"./{path.relative_to(ROOT)}" for path in agents]
    assert (ROOT / PLUGIN["skills"]).samefile(ROOT / ".claude" / "skills")
    assert (listed["name"], listed["source"]) == (PLUGIN["name"], "./")


def test_the_plugin_has_the_version_of_the_project() -> None:
    assert PLUGIN["version"] == VERSION
