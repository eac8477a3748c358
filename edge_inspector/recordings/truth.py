"""`truth.csv` of a recording: what each part really is, for checkers only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from edge_inspector.domain.errors import RecordingError
from edge_inspector.recordings.recording import PartKind, RecordedTruth
from edge_inspector.recordings.table import read_table, write_table

TRUTH_FILE = "truth.csv"
TRUTH_COLUMNS = ("part", "kind", "defects")


def read_truth(path: Path, parts: Collection[str]) -> dict[str, RecordedTruth] | None:
    """Return what the file says of each of these parts; None where it is not there. Raises RecordingError with FILE:LINE."""
    if not path.exists():
        return None
    truth: dict[str, RecordedTruth] = {}
    known = set(parts)
    for row in read_table(path, TRUTH_COLUMNS):
        part, kind = row.text("part"), row.text("kind")
        if part not in known or part in truth:
            raise row.fault(f"part {part!r} is {'named twice' if part in truth else 'in no trigger'}; correct the line")
        if kind not in set(PartKind):
            raise row.fault(f"kind is {kind!r}, allowed are {', '.join(PartKind)}; correct the line")
        truth[part] = RecordedTruth(PartKind(kind), row.cells["defects"])
    unnamed = sorted(known - truth.keys())
    if unnamed:
        raise RecordingError(f"{path}: says nothing of part {unnamed[0]!r}; add its line or remove the file")
    return truth


def write_truth(path: Path, truth: Mapping[str, RecordedTruth]) -> None:
    """Write what `read_truth` reads."""
    write_table(path, TRUTH_COLUMNS, [(part, told.kind.value, told.defects) for part, told in truth.items()])
