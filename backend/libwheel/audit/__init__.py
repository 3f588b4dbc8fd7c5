"""The audit: what a library wheel must keep, checked on the files that would ship."""

from libwheel.audit.finding import AuditError, Finding
from libwheel.audit.host import HostLibraries, system_libraries
from libwheel.audit.platform_tag import asked_tag, platform_tag, unproved
from libwheel.audit.run import audit, check
from libwheel.audit.subject import Subject, read_binaries

__all__ = [
    "AuditError",
    "Finding",
    "HostLibraries",
    "Subject",
    "asked_tag",
    "audit",
    "check",
    "platform_tag",
    "read_binaries",
    "system_libraries",
    "unproved",
]
