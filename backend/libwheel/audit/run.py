"""Runs every rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from libwheel.audit import (
    rules_binaries,
    rules_discovery,
    rules_expectations,
    rules_symbols,
    rules_tree,
)
from libwheel.audit.finding import AuditError, Finding
from libwheel.audit.subject import Subject
from libwheel.binaries.binary import Binary

# A rule says what is wrong with a binary, or yields the staged path and what is wrong there;
# its name is the function's.
BinaryRule = Callable[[Subject, Binary], str | None]
TreeRule = Callable[[Subject], Iterator[tuple[str, str]]]

TREE_RULES: tuple[TreeRule, ...] = (
    rules_tree.missing_library,
    rules_tree.missing_import_library,
    rules_tree.missing_header,
    rules_tree.unspoken_file,
    rules_tree.not_a_file,
    rules_tree.soname,
    rules_tree.wrong_abi,
    rules_tree.private_path,
    rules_tree.unused_option,
    rules_tree.needless_requires,
    rules_symbols.foreign_export,
    rules_expectations.unmet_expectation,
    rules_expectations.unmet_header_line,
    rules_discovery.pkgconfig_folder,
    rules_discovery.cmake_folder,
)
BINARY_RULES: tuple[BinaryRule, ...] = (
    rules_binaries.wrong_architecture,
    rules_binaries.rpath,
    rules_binaries.undeclared_needed,
    rules_binaries.executable_stack,
    rules_binaries.relro,
    rules_binaries.text_relocations,
    rules_binaries.fixed_address,
    rules_binaries.code_signature,
    rules_binaries.newer_system,
    rules_symbols.export_without_version_node,
    rules_symbols.import_without_version_node,
    rules_symbols.undefined_symbol,
)


def audit(subject: Subject) -> tuple[Finding, ...]:
    """Return everything that is wrong."""
    return (*_of_the_tree(subject), *_of_the_binaries(subject))


def _of_the_tree(subject: Subject) -> Iterator[Finding]:
    for rule in TREE_RULES:
        for path, message in rule(subject):
            yield Finding(_name(rule), path, message)


def _of_the_binaries(subject: Subject) -> Iterator[Finding]:
    for rule in BINARY_RULES:
        for path, binary in subject.binaries.items():
            if message := rule(subject, binary):
                yield Finding(_name(rule), str(path), message)


def _name(rule: TreeRule | BinaryRule) -> str:
    return rule.__name__.replace("_", "-")


def check(subject: Subject) -> None:
    """Raise AuditError with everything that is wrong."""
    findings = audit(subject)
    if findings:
        raise AuditError(findings)
