"""The record of a part's verdict as the journal holds it, or why there is none to be had."""

from __future__ import annotations

from pathlib import Path

from edge_inspector.domain.errors import EdgeInspectorError
from edge_inspector.domain.records import VerdictRecord
from edge_inspector.journal import SegmentReader, decode_journal_record
from edge_inspector.journal.segment import segment_path
from edge_inspector.records.queries import PartDetails


def read_verdict(state_dir: Path, details: PartDetails) -> tuple[VerdictRecord | None, str]:
    """Return the record, or None and why it can not be had; None without a reason where nothing was decided."""
    if details.journal_segment is None or details.journal_offset is None:
        return None, why_lost(details)
    path = segment_path(state_dir / "journal", details.journal_segment)
    reader = SegmentReader(path, details.journal_offset)
    try:
        found = [decode_journal_record(payload) for _, payload in reader.read(most_bytes=1)]
    except EdgeInspectorError as error:
        return None, f"the record of the verdict can not be read: {error}"
    if found and isinstance(found[0], VerdictRecord) and found[0].key.name == details.summary.part:
        return found[0], ""
    return None, f"the record of the verdict is gone: {path} holds none of this part at byte {details.journal_offset}"


def why_lost(details: PartDetails) -> str:
    """Return why the records know no verdict of a part that may well have had one; empty where they tell all there was."""
    if details.journal_verdict is not None:
        return ""
    damage = next((damage.what for damage in details.damage if damage.folder == "journal"), "")
    if details.decided is not None:
        because = damage or "somebody removed the file that held it"
        return f"the journal holds no verdict of this part, although {details.decided} reached the line: {because}"
    return f"the journal holds no verdict of this part, and one may be lost: {damage}" if damage else ""
