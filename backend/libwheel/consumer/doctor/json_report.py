"""Doctor's report for programs."""

from __future__ import annotations

import json
from dataclasses import asdict

from libwheel.consumer.doctor.report import Report

SCHEMA = 1  # rises where a key goes or means something else; keys may be added


def text(report: Report) -> str:
    """Return the report as JSON: the fields' names are the keys, paths are strings."""
    found = {"schema": SCHEMA, "is_sound": report.is_sound, **asdict(report)}
    return json.dumps(found, default=str, indent=2)
