"""Tests of the commands, run in a small project of another form than ours."""

import json
from pathlib import Path

import pytest

from guardrails.__main__ import main
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

CONFIGURATION = """
[project]
dependencies = []

[tool.guardrails]
package = "src/shop"
error_base = "ShopError"
"""
OWN_RULES = """
from guardrails.rules import SourceRule
RULES = [SourceRule(name="x", article=42, find=lambda _: [(1, "prints")], sample="print()")]
"""
SERVICE = "def find(order_id):\n    raise KeyError(order_id)\n"
ROUTER = '@router.get("/orders")\ndef list_orders():\n    """List orders."""\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root of a project with violations of three rules, as the current directory."""
    package = tmp_path / "src" / "shop"
    package.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)
    (package / "service.py").write_text(SERVICE)
    (package / "router.py").write_text(ROUTER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(project: Path, line: str) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write(f"{line}\n")


def test_check_lists_each_violation_with_its_article_and_an_example_that_exists(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([])

    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert [line.partition(" (article ")[0] for line in lines] == [
        "src/shop/router.py:2: handler `list_orders` must be `async`, or it takes a thread",
        "src/shop/router.py:2: handler `list_orders` has no return annotation",
        "src/shop/service.py:2: `KeyError` is not an `ShopError`: the client would get a 500",
        "src/shop/service.py:1: `order_id` of `find` must be keyword-only, so that ids cannot be swapped",
    ]
    [path, *_] = lines[0].partition("example: `")[2].split("`")
    assert Path(path).is_file()


def test_check_lists_the_rules_that_are_off_with_the_missing_key(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(project, 'off = ["sleeps"]')

    main(["check"])

    errors = capsys.readouterr().err
    assert 'Off: "time" (set `allowed.time` in [tool.guardrails])' in errors
    assert "Off: the rules about tables (set `tables` in [tool.guardrails])" in errors
    assert 'Off: "sleeps"\n' in errors
    assert "4 violations." in errors


def test_check_of_a_file_finds_only_its_violations(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["check", "src/shop/service.py", "--format=agent"])

    output = capsys.readouterr()
    assert (code, output.err) == (1, "")
    assert output.out.startswith("src/shop/service.py:2: `KeyError` is not")
    assert "-> article 15: Raise only subclasses of `AppError`" in output.out
    assert "router" not in output.out.replace("app/accounts/router.py", "")


def test_an_agent_reads_few_violations_of_a_rule_and_the_file_with_the_right_form(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "src" / "shop" / "service.py").write_text(SERVICE * 30)

    main(["check", "src/shop/service.py", "--format=agent"])

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * 12
    assert lines[10] == "... and 20 more"
    assert lines[11].endswith("app/users/errors.py` `EmailTaken` for the right form.")


def test_a_project_can_name_its_own_examples(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(project, 'examples = {"application errors" = "`src/shop/errors.py`"}')

    main(["check"])

    assert "get a 500 (article 15; example: `src/shop/errors.py`)" in capsys.readouterr().out


def test_a_project_can_add_rules(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "own_rules.py").write_text(OWN_RULES)
    configure(project, 'rules = "own_rules:RULES"')

    main(["check"])

    assert "src/shop/router.py:1: prints (article 42; example:" in capsys.readouterr().out


def test_check_of_a_folder_includes_its_files(project: Path) -> None:
    assert main(["check", "src"]) == 1
    assert main(["check", "src", "--only=application"]) == 0
    (project / "empty").mkdir()
    assert main(["check", "empty"]) == 0
    assert main(["check", "/"]) == 2


@pytest.mark.parametrize("path", ["src/shop/none.py", "prov"])
def test_check_of_a_path_that_does_not_exist_fails(
    project: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([path]) == 2
    assert capsys.readouterr().err == f"There is no file or folder {project / path}.\n"


@pytest.mark.parametrize("arguments", [["--root", ".", "explain", "7"], ["explain", "7"]])
def test_a_command_is_known_after_the_options_of_all_commands(
    project: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("Article 7: ")


def test_a_project_without_violations_passes(project: Path) -> None:
    assert main(["check", "pyproject.toml"]) == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("verbs = ", "pyproject.toml is not valid TOML"),
        ('verb = ["Add"]', "unknown keys: verb"),
        ('allowed = "time"', "`allowed` in [tool.guardrails] must have another type"),
        ('off = ["sleep"]', "[tool.guardrails] names unknown rules: sleep."),
        ('allowed = {times = ["src/*"]}', "[tool.guardrails] names unknown rules: times."),
        ('examples = {names = "x", clocks = "`x`"}', "names unknown rules: clocks."),
        ('verbs = "Add"', "`verbs` in [tool.guardrails] must have another type"),
        ('application = "shop.none:app"', "`shop.none:app` cannot be imported"),
    ],
)
def test_a_wrong_configuration_is_reported_in_one_line(
    project: Path, line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(project, line)

    code = main(["check"])

    output = capsys.readouterr()
    assert (code, output.err.count("\n")) == (2, 1)
    assert message in output.err


@pytest.mark.parametrize("package", ["", ".", "./", "/", "/tmp", "..", "src/../src"])
def test_a_package_that_is_no_folder_in_the_project_is_reported(
    project: Path, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pyproject.toml").write_text(CONFIGURATION.replace("src/shop", package))

    assert main(["check"]) == 2
    assert "`package` in [tool.guardrails] must be a folder" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["src/shop/", "./src/shop"])
def test_a_package_can_be_written_in_several_ways(
    project: Path, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pyproject.toml").write_text(CONFIGURATION.replace("src/shop", package))

    main(["check"])

    assert "src/shop/router.py:2: handler `list_orders` must be" in capsys.readouterr().out


def test_a_file_with_a_byte_order_mark_is_checked(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "src" / "shop" / "service.py").write_text(f"\ufeff{SERVICE}", encoding="utf-8")

    assert main(["check", "src/shop/service.py"]) == 1
    assert "src/shop/service.py:2: `KeyError` is not" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--root", "--config"])
def test_a_configuration_that_does_not_exist_is_reported(
    project: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", option, "none"]) == 2
    assert "cannot be read: No such file or directory." in capsys.readouterr().err


def test_a_baseline_that_is_not_json_is_reported(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "guardrails.json").write_text("<<<<<<< HEAD\n")

    assert main(["check"]) == 2
    assert "guardrails.json is not valid JSON: " in capsys.readouterr().err


def test_a_rule_of_the_project_with_an_unknown_article_is_reported(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "rules_of_no_article.py").write_text(OWN_RULES.replace("42", "700"))
    configure(project, 'rules = "rules_of_no_article:RULES"')

    assert main(["check"]) == 2
    assert capsys.readouterr().err == 'The rule "x" has no article 700.\n'


def test_a_file_that_cannot_be_parsed_is_reported(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "src" / "shop" / "broken.py").write_text("def\n")

    code = main(["check"])

    assert code == 2
    assert "no rule checks src/shop/broken.py:1: invalid syntax" in capsys.readouterr().err


def test_another_configuration_and_root_can_be_named(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "words.toml").write_text('[tool.guardrails]\npackage = "none"\n')
    monkeypatch.chdir(elsewhere)

    assert main(["check"]) == 2
    assert main(["check", "--root", str(project)]) == 1
    assert main(["check", "--root", str(project), "--config", "words.toml"]) == 2


def test_an_article_of_the_project_replaces_ours(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    article = "**7. Commit once.** *Why* so that\nit is done. *See* `x.py`. *Held by* review.\n"
    (project / "constitution.md").write_text(f"# Constitution\n\n{article}")

    main(["explain", "7"])
    main(["explain", "8"])

    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Article 7: Commit once.", "Why: so that it is done."]
    assert lines[4].startswith("Article 8: Never call `flush`")


def test_explain_prints_an_article(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "7"]) == 0
    title, _, see, _ = capsys.readouterr().out.splitlines()
    assert title.startswith("Article 7: Commit and roll back only in")
    assert Path(see.split("`")[1]).is_file()
    assert main(["explain", "700"]) == 2


def test_prove_reports_a_violation_of_each_rule_that_is_on(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "src" / "shop" / "repository.py").touch()
    for path in ("tests/test_shop.py", "migrations/versions/1.py", "README.md"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).touch()

    assert main(["prove"]) == 0
    assert capsys.readouterr().out.startswith("Each of 2")


def test_prove_skips_a_file_without_the_place_of_the_sample(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CONFIGURATION.replace("dependencies = []", 'dynamic = ["dependencies"]')
    (project / "pyproject.toml").write_text(text)

    assert main(["prove"]) == 1
    assert 'the rule "locked dependencies" (article 40) reports' in capsys.readouterr().out


def test_prove_lists_a_rule_that_no_file_can_violate(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(project, 'layers.services = ["none.py"]')

    assert main(["prove"]) == 1
    assert 'the rule "keyword-only ids" (article 48) reports this' in capsys.readouterr().out


def test_only_violations_that_are_not_in_the_baseline_fail(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["baseline"]) == 0
    service = project / "src" / "shop" / "service.py"
    service.write_text(f"\n\n{SERVICE}")
    moved = main(["check"])
    service.write_text(f"{SERVICE}\n\n{SERVICE}")
    capsys.readouterr()
    code = main(["check"])

    assert (moved, code) == (0, 1)
    assert capsys.readouterr().out.count("src/shop/service.py:") == 2


def test_the_number_of_recorded_violations_may_only_fall(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = project / "src" / "shop" / "service.py"
    main(["baseline"])
    service.write_text("")
    main(["check"])
    assert "Some recorded violations are fixed" in capsys.readouterr().err
    assert main(["baseline"]) == 0
    service.write_text(SERVICE)

    assert main(["baseline"]) == 1

    assert '"application errors" has 1 violations, and 0 are recorded' in capsys.readouterr().err
    recorded = json.loads((project / "guardrails.json").read_text())
    assert recorded["application errors"] == {}


def test_a_rule_that_is_turned_on_later_is_added_to_the_baseline(project: Path) -> None:
    main(["baseline"])
    configure(project, 'router_factory = "create_router"')
    (project / "src" / "shop" / "router.py").write_text(
        f"import fastapi\nfastapi.APIRouter()\n{ROUTER}"
    )

    assert main(["baseline"]) == 0
    assert main(["check"]) == 0
