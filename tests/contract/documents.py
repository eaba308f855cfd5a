"""What `docs/` takes from elsewhere. `make docs` writes it anew."""

from collections.abc import Callable
from enum import Enum
from pathlib import Path

from pydantic_core import PydanticUndefined

from app.core.config import Settings
from app.core.migrations import ROOT
from tests.contract import asvs


def _shown(default: object) -> str:
    if default is PydanticUndefined:
        return "none, must be given"
    if default in (None, "", []):
        return ""
    value = default.value if isinstance(default, Enum) else default
    if isinstance(value, list):
        value = ",".join(map(str, value))
    elif isinstance(value, bool):
        value = str(value).lower()
    elif hasattr(value, "get_secret_value"):
        value = value.get_secret_value()
    return f"`{value}`"


def settings_table() -> str:
    """Every setting, with its default, what it is, and whether it is a secret."""
    lines = ["| setting | default | what it is | secret |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        secret = "secret" if "SecretStr" in str(field.annotation) else ""
        default = _shown(field.default)
        lines.append(f"| `{name.upper()}` | {default} | {field.description} | {secret} |")
    return "\n".join(lines)


GENERATED: dict[Path, tuple[str, Callable[[], str]]] = {
    ROOT / "docs" / "operations.md": ("settings", settings_table),
    asvs.PAGE: ("counts", asvs.count_table),
}


def written_anew(path: Path) -> str:
    """The text at the path, with its generated part as it has to be now."""
    name, generate = GENERATED[path]
    begin, end = f"<!-- {name}: make docs -->\n", "<!-- end -->"
    before, _, rest = path.read_text().partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{path} has no lines {begin!r} and {end!r}")
    return f"{before}{begin}{generate()}\n{end}{after}"


if __name__ == "__main__":
    for page in GENERATED:
        page.write_text(written_anew(page))
