"""How reasons, places and measures of a part are said to people, everywhere the same."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edge_inspector.records.measures import Measures
from edge_inspector.records.queries import FindingRow

_MORE_REASONS = re.compile(r"^and (\d+) more reasons$")  # how decision ends a list that it cut


def reasons_and_rest(reasons: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """Return the reasons that are written, and how many more there were that nobody wrote.

    >>> reasons_and_rest(("crack", "stain", "and 7 more reasons"))
    (('crack', 'stain'), 7)
    """
    match = _MORE_REASONS.match(reasons[-1]) if reasons else None
    return (tuple(reasons), 0) if match is None else (tuple(reasons[:-1]), int(match[1]))


def place_words(finding: FindingRow) -> str:
    """Return where a finding lies on the part, `41 mm, 132°`; empty where nobody knows."""
    if finding.along_mm is None or finding.angle_deg is None:
        return ""
    return f"{finding.along_mm:.0f} mm, {finding.angle_deg:.0f}°"


def measure_words(measures: Measures) -> list[str]:
    """Return what was measured of a part, each with its unit."""
    named = (
        ("length {:.1f} mm", measures.measured_length_mm),
        ("Ø {:.2f} mm", measures.diameter_mm),
        ("bow {:.2f} mm", measures.bow_mm),
        ("taper {:.2f} mm", measures.taper_mm),
        ("oval {:.2f} mm", measures.oval_mm),
        ("{:.1%} of the surface seen", measures.coverage),
    )
    return [words.format(value) for words, value in named if value is not None]
