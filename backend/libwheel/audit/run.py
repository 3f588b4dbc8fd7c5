"""Runs every rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from libwheel.audit import rules_binaries, rules_discovery, rules_symbols, rules_tree
from libwheel.audit.finding import AuditError, Finding
from libwheel.audit.subject import Subject

# A rule yields the staged path and what is wrong there; its name is the function's.
Rule = Callable[[Subject], Iterator[tuple[str, str]]]

RULES: tuple[Rule, ...] = (
    rules_tree.missing_library,
    rules_tree.missing_header,
    rules_tree.not_a_file,
    rules_tree.private_path,
    rules_tree.unused_option,
    rules_binaries.wrong_architecture,
    rules_binaries.soname,
    rules_binaries.rpath,
    rules_binaries.undeclared_needed,
    rules_binaries.executable_stack,
    rules_binaries.relro,
    rules_binaries.text_relocations,
    rules_symbols.export_without_version_node,
    rules_symbols.import_without_version_node,
    rules_symbols.undefined_symbol,
    rules_symbols.foreign_export,
    rules_discovery.pkgconfig_folder,
    rules_discovery.cmake_folder,
)


def audit(subject: Subject) -> tuple[Finding, ...]:
    """Return everything that is wrong."""
    return tuple(
        Finding(rule.__name__.replace("_", "-"), path, message)
        for rule in RULES
        for path, message in rule(subject)
    )


def check(subject: Subject) -> None:
    """Raise AuditError with everything that is wrong."""
    findings = audit(subject)
    if findings:
        raise AuditError(findings)
