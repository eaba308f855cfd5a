"""Known vulnerabilities of the locked packages: `make audit`.

pip-audit queries the package index for the Python lock files, npm its registry for the lock file of
the TypeScript client. pip-audit alone passes if the index does not know a package; this command
fails if the audit is incomplete.
"""

import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from tests.architecture.project import ROOT

LOCKS = sorted(ROOT.glob("requirements*.txt"))
# A lock file names every package with its hashes, so that pip-audit need not resolve anything.
PIP_AUDIT = [
    *(f"{Path(sys.executable).parent}/pip-audit", "--disable-pip", "--require-hashes"),
    *("--progress-spinner=off", "--format=json"),
    *(f"--requirement={lock}" for lock in LOCKS),
]
NPM_AUDIT = ["npm", "audit", "--json", "--package-lock-only", "--prefix=clients/typescript"]

Exceptions = dict[str, dict[str, str]]
"""Reason of each exception, by package and advisory."""


class NotAudited(Exception):
    """Raised when an auditor could not audit every package."""


@dataclass(frozen=True)
class Vulnerability:
    """Advisory about a locked package."""

    package: str
    ids: frozenset[str]
    """Identifiers of the advisory in several databases."""
    description: str


class PipAdvisory(BaseModel):
    id: str
    aliases: list[str]
    fix_versions: list[str]


class PipPackage(BaseModel):
    name: str
    version: str = ""
    vulns: list[PipAdvisory] = []
    skip_reason: str | None = None


class PipReport(BaseModel):
    dependencies: list[PipPackage]

    def vulnerabilities(self) -> Iterator[Vulnerability]:
        if skipped := [entry.skip_reason for entry in self.dependencies if entry.skip_reason]:
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
    url: str
    title: str
    severity: str


class NpmPackage(BaseModel):
    """Package in a report of npm. The names in `via` are vulnerable packages it depends on."""

    via: list[NpmAdvisory | str]


class NpmReport(BaseModel):
    packages: dict[str, NpmPackage] = Field(alias="vulnerabilities")

    def vulnerabilities(self) -> Iterator[Vulnerability]:
        for name, package in self.packages.items():
            for advisory in package.via:
                if not isinstance(advisory, str):
                    number = advisory.url.rpartition("/")[2]
                    description = f"{name}: {number}, {advisory.severity}: {advisory.title}"
                    yield Vulnerability(name, frozenset([number]), description)


Report = PipReport | NpmReport


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
        last_lines = "\n".join(done.stderr.splitlines()[-3:])
        raise NotAudited(f"{command[0]} wrote no report.\n{last_lines}") from error


def failures(found: Iterable[Vulnerability], excepted: Exceptions) -> Iterator[str]:
    """Yield a line for each vulnerability without an exception, and for each unused exception."""
    used = set()
    # The index can report an advisory several times, once for each database that it copies.
    for vulnerability in dict.fromkeys(found):
        ids = vulnerability.ids & excepted.get(vulnerability.package, {}).keys()
        used |= {(vulnerability.package, id_) for id_ in ids}
        if not ids:
            yield vulnerability.description
    for package, reasons in excepted.items():
        for id_ in reasons:
            if (package, id_) not in used:
                yield f"{package}: {id_} is no longer reported: delete the exception"


def main() -> None:
    found: list[Vulnerability] = []
    try:
        for command, kind in ((PIP_AUDIT, PipReport), (NPM_AUDIT, NpmReport)):
            found += read_report(command, kind).vulnerabilities()
    except NotAudited as error:
        sys.exit(f"The audit is incomplete. {error}")
    if failed := list(failures(found, exceptions())):
        sys.exit("\n".join(failed))
    print("No known vulnerabilities, except those in `[tool.audit.exceptions]`.")  # noqa: T201 -- a command


if __name__ == "__main__":
    main()
