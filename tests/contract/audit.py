"""Known vulnerabilities of the locked packages: `make audit`.

pip-audit asks the package index about each lock of Python packages, npm its registry about the lock
of the TypeScript client. pip-audit alone would pass when the index does not know what it asks for;
here an incomplete audit fails.
"""

import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from tests.architecture.rules import ROOT

LOCKS = sorted(ROOT.glob("requirements*.txt"))
# A lock names every package with its hashes, so that nothing has to be resolved.
PIP_AUDIT = [
    *(f"{Path(sys.executable).parent}/pip-audit", "--disable-pip", "--require-hashes"),
    *("--progress-spinner=off", "--format=json"),
    *(f"--requirement={lock}" for lock in LOCKS),
]
NPM_AUDIT = ["npm", "audit", "--json", "--package-lock-only", "--prefix=clients/typescript"]

Exceptions = dict[str, dict[str, str]]
"""The reasons of the exceptions, by package and advisory."""


class NotAudited(Exception):
    """Raised when an auditor could not find out about every package."""


@dataclass(frozen=True)
class Vulnerability:
    """An advisory about a locked package."""

    package: str
    ids: frozenset[str]
    """The identifiers of the advisory in several databases."""
    description: str


class Report(BaseModel):
    """Report of an auditor."""

    def vulnerabilities(self) -> Iterator[Vulnerability]:
        """Yield each advisory. Raise NotAudited if a package was not audited."""
        raise NotImplementedError


class PipAdvisory(BaseModel):
    """Advisory in a report of pip-audit."""

    id: str
    aliases: list[str]
    fix_versions: list[str]


class PipPackage(BaseModel):
    """Package in a report of pip-audit."""

    name: str
    version: str = ""
    vulns: list[PipAdvisory] = []
    skip_reason: str | None = None


class PipReport(Report):
    """Report of pip-audit."""

    dependencies: list[PipPackage]

    def vulnerabilities(self) -> Iterator[Vulnerability]:
        """Yield each advisory. Raise NotAudited if a package was not audited."""
        if skipped := [each.skip_reason for each in self.dependencies if each.skip_reason]:
            raise NotAudited(f"{len(skipped)} packages were not audited. {skipped[0]}")
        for package in self.dependencies:
            for advisory in package.vulns:
                fixed = ", ".join(advisory.fix_versions) or "no version"
                yield Vulnerability(
                    package.name,
                    frozenset([advisory.id, *advisory.aliases]),
                    f"{package.name} {package.version}: {advisory.id}, fixed in {fixed}",
                )


class NpmAdvisory(BaseModel):
    """Advisory in a report of npm."""

    url: str
    title: str
    severity: str


class NpmPackage(BaseModel):
    """Package in a report of npm. Names in `via` are those of vulnerable packages that it needs."""

    via: list[NpmAdvisory | str]


class NpmReport(Report):
    """Report of npm."""

    packages: dict[str, NpmPackage] = Field(alias="vulnerabilities")

    def vulnerabilities(self) -> Iterator[Vulnerability]:
        """Yield each advisory."""
        for name, package in self.packages.items():
            for advisory in package.via:
                if not isinstance(advisory, str):
                    number = advisory.url.rpartition("/")[2]
                    description = f"{name}: {number}, {advisory.severity}: {advisory.title}"
                    yield Vulnerability(name, frozenset([number]), description)


def exceptions() -> Exceptions:
    """Return the exceptions in `[tool.audit.exceptions]` of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: Exceptions = project["tool"].get("audit", {}).get("exceptions", {})
    return found


def read_report(command: list[str], kind: type[Report]) -> Report:
    """Run an auditor and return its report. Raise NotAudited if there is none."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return kind.model_validate_json(done.stdout)
    except FileNotFoundError as error:
        raise NotAudited(f"{command[0]} is not installed.") from error
    except ValidationError as error:
        last_words = "\n".join(done.stderr.splitlines()[-3:])
        raise NotAudited(f"{command[0]} made no report.\n{last_words}") from error


def failures(found: Iterable[Vulnerability], excepted: Exceptions) -> Iterator[str]:
    """Yield a line for each vulnerability without an exception, and for each unused exception."""
    used = set()
    # Databases that the index copies may each have the advisory, under the same identifiers.
    for vulnerability in dict.fromkeys(found):
        ids = vulnerability.ids & excepted.get(vulnerability.package, {}).keys()
        used |= {(vulnerability.package, id_) for id_ in ids}
        if not ids:
            yield vulnerability.description
    for package, reasons in excepted.items():
        for id_ in reasons:
            if (package, id_) not in used:
                yield f"{package}: {id_} is not reported any more: delete the exception"


def main() -> None:
    """Exit with 1 and the failures on standard error."""
    found: list[Vulnerability] = []
    try:
        for command, kind in ((PIP_AUDIT, PipReport), (NPM_AUDIT, NpmReport)):
            found += read_report(command, kind).vulnerabilities()
    except NotAudited as error:
        sys.exit(f"The audit is incomplete. {error}")
    if failed := list(failures(found, exceptions())):
        sys.exit("\n".join(failed))
    print("No vulnerability is known, except those in `[tool.audit.exceptions]`.")  # noqa: T201 -- a command


if __name__ == "__main__":
    main()
