"""Audit of the locked packages, with recorded reports of its auditors."""

import re
import sys

import pytest

from tests.contract.audit import (
    LOCKS,
    Exceptions,
    NotAudited,
    NpmReport,
    PipReport,
    exceptions,
    failures,
    read_report,
)

ECDSA = """{"dependencies": [
    {"name": "fastapi", "version": "0.165.0", "vulns": []},
    {"name": "ecdsa", "version": "0.19.2", "vulns": [{"id": "PYSEC-2026-1325", "fix_versions": [],
        "aliases": ["CVE-2024-23342", "GHSA-wj6h-64fc-37mp"], "description": "A timing attack."},
        {"id": "PYSEC-2026-1325", "fix_versions": [], "description": "The same.",
        "aliases": ["GHSA-wj6h-64fc-37mp", "CVE-2024-23342"]}]},
    {"name": "jinja2", "version": "3.1.0", "vulns": [{"id": "PYSEC-2024-1", "aliases": [],
        "fix_versions": ["3.1.3", "3.2"], "description": "Cross-site scripting."}]}
], "fixes": []}"""
NPM = """{"auditReportVersion": 2, "vulnerabilities": {
    "braces": {"name": "braces", "severity": "high", "via": [{"source": 1, "name": "braces",
        "title": "Uncontrolled resource consumption", "severity": "high", "range": "<3.0.3",
        "url": "https://example.com/advisories/GHSA-grv7-fg5c-xmjg"}]},
    "micromatch": {"name": "micromatch", "severity": "high", "via": ["braces"]}
}}"""
NOT_FIXED = "ecdsa 0.19.2: PYSEC-2026-1325, fixed in no version"
JINJA2 = "jinja2 3.1.0: PYSEC-2024-1, fixed in 3.1.3, 3.2"


def test_every_exception_names_a_locked_package_and_has_a_reason() -> None:
    locked = {name for lock in LOCKS for name in re.findall(r"(?m)^([\w.-]+)==", lock.read_text())}
    reasons = exceptions()

    assert reasons.keys() <= locked
    for package, advisories in reasons.items():
        assert all(len(reason.split()) >= 5 for reason in advisories.values()), package


@pytest.mark.parametrize(
    ("excepted", "reported"),
    [
        ({}, [NOT_FIXED, JINJA2]),
        ({"ecdsa": {"GHSA-wj6h-64fc-37mp": "It is not used."}}, [JINJA2]),
        (
            {"rsa": {"GHSA-wj6h-64fc-37mp": "x"}, "ecdsa": {"GHSA-0000-0000-0000": "x"}},
            [
                *(NOT_FIXED, JINJA2),
                "rsa: GHSA-wj6h-64fc-37mp is no longer reported: delete the exception",
                "ecdsa: GHSA-0000-0000-0000 is no longer reported: delete the exception",
            ],
        ),
    ],
    ids=["no exception", "one of the identifiers", "another package or advisory"],
)
def test_a_vulnerability_is_reported_unless_an_exception_names_its_package_and_identifier(
    excepted: Exceptions, reported: list[str]
) -> None:
    found = PipReport.model_validate_json(ECDSA).vulnerabilities()

    assert [*failures(found, excepted)] == reported


def test_a_vulnerability_of_the_client_is_reported_once() -> None:
    found = NpmReport.model_validate_json(NPM).vulnerabilities()

    assert [*failures(found, {})] == [
        "braces: GHSA-grv7-fg5c-xmjg, high: Uncontrolled resource consumption"
    ]


def test_an_audit_that_skipped_a_package_is_incomplete() -> None:
    reason = "Dependency not found and could not be audited: fastapi (0.165.0)"
    report = f'{{"dependencies": [{{"name": "fastapi", "skip_reason": "{reason}"}}], "fixes": []}}'

    with pytest.raises(NotAudited, match="1 packages were not audited"):
        list(PipReport.model_validate_json(report).vulnerabilities())


@pytest.mark.parametrize("output", ["", '{"statusCode": 405, "error": {"summary": ""}}'])
def test_the_error_about_an_auditor_without_a_report_quotes_its_output(output: str) -> None:
    code = f"import sys; print({output!r}); sys.exit('The source is unreachable.')"

    with pytest.raises(NotAudited, match="The source is unreachable"):
        read_report([sys.executable, "-c", code], NpmReport)


def test_the_error_about_an_auditor_that_is_not_installed_names_it() -> None:
    with pytest.raises(NotAudited, match="no-such-auditor is not installed"):
        read_report(["no-such-auditor"], PipReport)
