"""Tests of the texts for agents: their length, and the formats that agents read."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.architecture.project import ROOT

AGENT = ROOT / ".claude" / "agents" / "backend-specialist.md"
SKILLS = sorted((ROOT / ".claude" / "skills").glob("*/SKILL.md"))
TEXTS = [path for path in sorted((ROOT / ".claude").rglob("*.md")) if "worktrees" not in path.parts]
MAX_WORDS = 1600
SKILL = {
    "required": ["name", "description"],
    "properties": {
        "name": {"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64},
        "description": {"minLength": 1, "maxLength": 1024},
        "license": {"type": "string"},
        "compatibility": {"maxLength": 500},
        "metadata": {"additionalProperties": {"type": "string"}},
        "allowed-tools": {"type": "string"},
    },
    "additionalProperties": False,
}
"""Schema of the front matter of a skill (agentskills.io/specification)."""


def front_matter(path: Path) -> dict[str, Any]:
    before, head, _ = path.read_text().split("---\n", 2)
    assert not before
    matter: dict[str, Any] = yaml.safe_load(head)
    return matter


@pytest.mark.parametrize(("name", "lines"), [("CLAUDE.md", 80), ("constitution.md", 240)])
def test_texts_for_agents_are_short(name: str, lines: int) -> None:
    assert len((ROOT / name).read_text().splitlines()) <= lines


def test_texts_to_read_before_adding_a_resource_are_short() -> None:
    texts = [ROOT / "CLAUDE.md", AGENT, ROOT / ".claude" / "skills" / "add-resource" / "SKILL.md"]

    assert sum(len(text.read_text().split()) for text in texts) <= MAX_WORDS


def test_agents_md_is_a_link_to_claude_md() -> None:
    assert (ROOT / "AGENTS.md").readlink() == Path("CLAUDE.md")


def test_the_skills_are_where_other_agents_look() -> None:
    assert (ROOT / ".agents" / "skills").readlink() == Path("../.claude/skills")


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_front_matter_is_yaml_with_a_name_and_a_description(text: Path) -> None:
    head = front_matter(text)

    assert {type(value) for value in head.values()} == {str}
    assert head["name"]
    assert head["description"]


def test_the_agent_has_its_name_and_a_long_description() -> None:
    head = front_matter(AGENT)

    assert head["name"] == AGENT.stem
    assert len(head["description"]) > 100


@pytest.mark.parametrize("skill", SKILLS, ids=lambda path: path.parent.name)
def test_a_skill_has_the_name_of_its_folder_and_describes_when_to_use_it(skill: Path) -> None:
    head = front_matter(skill)

    assert jsonschema_rs.is_valid(SKILL, head)
    assert head["name"] == skill.parent.name
    assert "Use it" in head["description"]
