"""Doctor's report for programs."""

from __future__ import annotations

import json
from dataclasses import asdict

from libwheel.consumer.doctor.report import Report


def text(report: Report) -> str:
    """Return the report as JSON: the fields' names are the keys, paths are strings."""
    return json.dumps(asdict(report), default=str, indent=2)
