"""Generated parts of `docs/` and `.env.example`, which `make docs` updates."""

from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import Path

from pydantic_core import PydanticUndefined

from app.core.config import Settings
from app.core.migrations import ROOT
from app.features import ServiceSettings
from tests.contract import asvs, tour

OPERATIONS = ROOT / "docs" / "operations.md"
ENV_EXAMPLE = ROOT / ".env.example"
OWN_SETTINGS = "# Settings of single features. `make docs` writes these lines.\n"


def _shown(default: object) -> str:
    if default is PydanticUndefined:
        return "none, required"
    if default in (None, "", []):
        return ""
    value = default.value if isinstance(default, Enum) else default
    if isinstance(value, list):
        value = ",".join(map(str, value))
    elif isinstance(value, bool):
        value = str(value).lower()
    elif hasattr(value, "get_secret_value"):
        value = value.get_secret_value()
    return str(value)


def settings_table() -> str:
    lines = ["| setting | default | description | secret |", "|---|---|---|---|"]
    for name, field in ServiceSettings.model_fields.items():
        secret = "secret" if "SecretStr" in str(field.annotation) else ""
        default = _shown(field.default)
        default = f"`{default}`" if default and not field.is_required() else default
        lines.append(f"| `{name.upper()}` | {default} | {field.description} | {secret} |")
    return "\n".join(lines)


def with_own_settings(text: str) -> str:
    """Return the text of `.env.example` with the settings of the features updated."""
    lines = [
        f"# {field.description}\n{name.upper()}={_shown(field.default)}\n"
        for name, field in ServiceSettings.model_fields.items()
        if name not in Settings.model_fields
    ]
    return "".join([text.partition(OWN_SETTINGS)[0], OWN_SETTINGS, *lines])


def replace_part(text: str, name: str, generate: Callable[[], str]) -> str:
    """Return the text of a page with its generated part of this name updated."""
    begin, end = f"<!-- {name}: make docs -->\n", "<!-- end -->"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"The page must contain the lines {begin!r} and {end!r}.")
    return f"{before}{begin}{generate()}\n{end}{after}"


GENERATED: dict[Path, Callable[[str], str]] = {
    ENV_EXAMPLE: with_own_settings,
    OPERATIONS: partial(replace_part, name="settings", generate=settings_table),
    asvs.PAGE: partial(replace_part, name="counts", generate=asvs.count_table),
    tour.PAGE: tour.with_lines,
}
"""Functions that return the updated text of a page, by the page's path."""


def written_anew(path: Path) -> str:
    """Return the text of the page with its generated parts updated."""
    return GENERATED[path](path.read_text())


if __name__ == "__main__":
    for page in GENERATED:
        page.write_text(written_anew(page))
