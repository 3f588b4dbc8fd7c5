from __future__ import annotations

from libwheel.audit.finding import AuditError, Finding, listing
from libwheel.errors import RecipeError


def test_a_finding_names_file_and_rule() -> None:
    assert (
        str(Finding("relro", "lib/libx.so", "has no RELRO")) == "lib/libx.so: has no RELRO [relro]"
    )
    assert str(Finding("unused-option", "", "X was not used")) == "X was not used [unused-option]"


def test_the_error_shows_every_finding() -> None:
    findings = [Finding("relro", f"lib/lib{n}.so", "has no RELRO") for n in range(3)]
    assert str(AuditError(findings)).splitlines() == [
        "the audit has 3 findings, so there is no wheel:",
        *(f"  {finding}" for finding in findings),
    ]
    assert isinstance(AuditError(findings), RecipeError)
    assert [str(problem) for problem in AuditError(findings).problems] == list(map(str, findings))
    assert "has 1 finding," in str(AuditError(findings[:1]))


def test_a_long_list_is_cut() -> None:
    assert listing(["a", "b"]) == "a and b"
    assert listing([str(n) for n in range(44)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 36 more"
