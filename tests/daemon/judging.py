"""What became of the parts of a rig: bins, ledger and journal held against each other and against the recording's truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge_inspector.recordings import PartKind, load_recording
from edge_inspector.simulation.bin_events import Bin, Fed, FellInto
from edge_inspector.simulation.evidence import read_evidence
from edge_inspector.simulation.reconcile import Row, reconcile, violations
from tests.daemon.rig import Rig


def unhurry(station: dict[str, Any]) -> None:
    """Be patient with workers, so that a loaded box does not turn good parts into uninspected ones."""
    station["supervision"]["beat_timeout_ms"] = 5000.0
    station["inference"] = {"max_batch": 2}  # it is warmed up with full batches


def rows_of(rig: Rig, recording: Path) -> list[Row]:
    """Every part fed so far, with what became of it."""
    evidence = read_evidence(rig.state_dir)
    return reconcile(evidence.bins, evidence.ledger, load_recording(recording, []).truth, evidence.journal)


def settled_rows(rig: Rig, recording: Path) -> list[Row]:
    """Like `rows_of` while daemon and belt run on: the parts fed until now, once each has its outcome and its bin."""
    fed = {event.part for event in rig.bins() if isinstance(event, Fed)}
    found: list[Row] = []

    def look() -> bool:
        found[:] = [row for row in rows_of(rig, recording) if row.part in fed]
        return all(row.outcome is not None and row.bin is not None for row in found)

    rig.wait_for("the end of every part that was fed", look)
    return found


def breaches(rows: Sequence[Row], *, edges_may_be_lost: bool = False) -> list[str]:
    """Every breach of the rule in words: escapes, and contradictions between bins and ledger."""
    found = [f"{row.part} ({row.truth}) is in the good bin: {row.verdict}, {row.reason}" for row in rows if row.is_escape]
    return found + violations(rows, edges_may_be_lost=edges_may_be_lost)


def good_parts_passed(rows: Sequence[Row]) -> int:
    """How many good parts are in the good bin."""
    return sum(row.bin is Bin.GOOD and row.truth is PartKind.GOOD for row in rows)


def fed_parts(rig: Rig) -> list[str]:
    """The parts that were placed on the belt, in order."""
    return [event.part for event in rig.bins() if isinstance(event, Fed)]


def passed_parts(rig: Rig) -> list[str]:
    """The parts in the good bin, in order."""
    return [event.part for event in rig.bins() if isinstance(event, FellInto) and event.bin is Bin.GOOD]


def wait_until_one_passes(rig: Rig) -> None:
    """Wait until a part that is fed from now on is in the good bin."""
    before = set(fed_parts(rig))
    rig.wait_for("a part to pass", lambda: any(part not in before for part in passed_parts(rig)))
