"""Configuration of GitHub: workflows and Dependabot."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.core.migrations import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
TARGETS = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text())


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in load(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_only_read_permissions_and_a_timeout(path: Path) -> None:
    workflow = load(path)

    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        assert job["timeout-minutes"] <= 30


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_keeps_no_credentials_and_uses_actions_by_version(path: Path) -> None:
    actions = [step for step in steps(path) if "uses" in step]

    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in actions)
    for step in actions:
        if step["uses"].startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_commands_that_exist(path: Path) -> None:
    for step in steps(path):
        program, *arguments = step.get("run", "make help").split()
        if program == "make":
            assert arguments[0] in TARGETS
        else:
            assert (ROOT / program).is_file()


def test_the_workflow_runs_the_oldest_supported_python_and_newer_ones() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = load(GITHUB / "workflows" / "ci.yml")["jobs"]["check"]["strategy"]["matrix"][
        "python"
    ]

    assert project["requires-python"] == f">={versions[0]}"
    assert versions == sorted(versions, key=lambda version: int(version.removeprefix("3.")))
    assert f"on {versions[0]} to {versions[-1]}" in (ROOT / "README.md").read_text()


def test_dependabot_updates_every_kind_of_dependency() -> None:
    updates = load(GITHUB / "dependabot.yml")["updates"]

    assert {update["package-ecosystem"]: update["directory"] for update in updates} == {
        "pip": "/",
        "npm": "/clients/typescript",
        "github-actions": "/",
        "docker": "/",
        "docker-compose": "/",
    }
    assert all(update["schedule"]["interval"] == "weekly" for update in updates)
    assert all("groups" in update for update in updates)
