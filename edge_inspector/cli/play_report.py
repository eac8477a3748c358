"""What `demo` and `play` print at the end: the table part by part, the counts, the stages, the picture of one part."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edge_inspector.domain.errors import EdgeInspectorError
from edge_inspector.domain.records import AlarmRecord, ArrivalRecord, JournalRecord, OutcomeRecord, VerdictRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.recordings import PartKind, Recording
from edge_inspector.records.latency import STAGE_NAMES, Percentiles, Stages, percentiles, stages
from edge_inspector.records.picture_store import list_pictures
from edge_inspector.simulation.bin_events import Bin, NotFed
from edge_inspector.simulation.evidence import Evidence
from edge_inspector.simulation.reconcile import Row, Tally, reconcile, tally, violations

PLAIN_WIDTH = 100  # columns where there is no terminal
FALSE_REJECTS_ALLOWED = 1
_COLOURS = {VerdictKind.ACCEPT: "green", VerdictKind.REJECT: "red", VerdictKind.UNINSPECTED: "yellow"}
_STAGE_WORDS = {
    "wait_for_frame_ms": "trigger to last frame chosen",
    "transport_ms": "decoding, cropping, sending",
    "inference_queue_ms": "waiting for an engine",
    "inference_ms": "inference",
    "decision_ms": "decision",
    "to_line_ms": "verdict to the line worker",
    "total_ms": "trigger to verdict, in all",
    "picture_to_verdict_ms": "last frame to verdict",
    "daemon_overhead_ms": "last frame to verdict, less inference",
}


@dataclass(frozen=True, slots=True)
class PlayReport:
    """One run, taken apart. `pictures` are those of parts that were not accepted, by name of the arrival.

    `sheet` is the picture of the rejected part that shows most; where there is none, `why_no_sheet` says why.
    """

    rows: list[Row]
    counts: Tally
    faults: list[str]
    not_fed: list[NotFed]
    alarms: list[str]
    stages: dict[str, Percentiles]
    pictures: dict[str, list[Path]]
    bins_path: Path
    sheet: Path | None
    why_no_sheet: str

    @property
    def is_good(self) -> bool:
        """Every part was fed, some part was judged; no escape, no contradiction, no more false rejects than allowed."""
        has_judged = self.counts.accepted + self.counts.rejected > 0
        false_rejects = self.counts.false_rejects or 0
        is_right = not self.faults and not self.counts.escapes and false_rejects <= FALSE_REJECTS_ALLOWED
        return has_judged and not self.not_fed and is_right


def make_report(evidence: Evidence, recording: Recording, state_dir: Path, bins_path: Path) -> PlayReport:
    """Reconcile the bins with the ledger and measure the stages."""
    rows = reconcile(evidence.bins, evidence.ledger, recording.truth, evidence.journal)
    refused = {row.arrival for row in rows if row.arrival and row.verdict is not VerdictKind.ACCEPT}
    found = {name: list_pictures(state_dir, name) for name in sorted(refused, key=_by_number)}
    pictures = {name: paths for name, paths in found.items() if paths}
    rejected = {row.arrival for row in rows if row.verdict is VerdictKind.REJECT}
    sheet, why_no_sheet = _draw_sheet(state_dir, most_telling(evidence.journal, rejected & pictures.keys()))
    return PlayReport(
        rows=rows,
        counts=tally(rows),
        faults=violations(rows),
        not_fed=[event for event in evidence.bins if isinstance(event, NotFed)],
        alarms=[f"{r.code}: {r.text}" for r in evidence.ledger if isinstance(r, AlarmRecord) and r.raised],
        stages=_stage_percentiles(evidence),
        pictures=pictures,
        bins_path=bins_path,
        sheet=sheet,
        why_no_sheet=why_no_sheet,
    )


def most_telling(journal: Iterable[JournalRecord], names: Collection[str]) -> str | None:
    """Return which of these parts is best shown to people: several defects, seen by two cameras or more, clearly found.

    None where no verdict in the journal is about any of them.
    """
    verdicts = [r for r in journal if isinstance(r, VerdictRecord) and r.key.name in names]
    return max(verdicts, key=_tells).key.name if verdicts else None


def _tells(verdict: VerdictRecord) -> tuple[int, int, int, float]:
    rejecting = [finding for finding in verdict.findings if finding.rejects]
    defects = {finding.defect for finding in rejecting}
    shared = {finding.defect for finding in rejecting if len(finding.cameras) >= 2}
    return len(shared), len(defects), -len(verdict.missing), min((f.score for f in rejecting), default=0.0)


def _draw_sheet(state_dir: Path, name: str | None) -> tuple[Path | None, str]:
    """Return the sheet of this part, or why there is none."""
    if name is None:
        return None, "no part was rejected of which pictures are kept"
    from edge_inspector.records.sheet import sheet_of  # OpenCV takes longer to import than the report to print

    try:
        return sheet_of(state_dir, name), ""
    except EdgeInspectorError as error:
        return None, f"part {name}: {error}"


def _by_number(name: str) -> tuple[int, ...]:
    return tuple(int(number) for number in name.split("-"))


def _stage_percentiles(evidence: Evidence) -> dict[str, Percentiles]:
    triggers = {r.key: r.trigger_ns for r in evidence.ledger if isinstance(r, ArrivalRecord)}
    received = {r.key: r.verdict_at_ns for r in evidence.ledger if isinstance(r, OutcomeRecord)}
    parts: list[Stages] = [
        stages(triggers.get(record.key), record.judgements, record.decided_ns, received.get(record.key))
        for record in evidence.journal
        if isinstance(record, VerdictRecord)
    ]
    measured = {name: percentiles(getattr(part, name) for part in parts) for name in STAGE_NAMES}
    return {name: found for name, found in measured.items() if found is not None}


def print_report(report: PlayReport, console: Console) -> None:
    """Print it for a person."""
    console.print(_part_table(report.rows, console.width))
    for line in not_fed_lines(report.not_fed):
        _print_whole(line, console, style="yellow")
    for alarm in report.alarms:
        console.print(f"alarm {alarm}", style="yellow", highlight=False)
    console.print()
    _print_counts(report.counts, console)
    console.print()
    if report.counts.escapes is not None:
        console.print(_truth_table(report.rows))
        console.print()
    console.print(_stage_table(report.stages))
    if report.pictures:
        console.print("\npictures of parts that were not accepted, as the cameras gave them:", highlight=False)
        parts = {row.arrival: row.part for row in report.rows}
        for name, paths in report.pictures.items():
            _print_whole(f"  {parts[name]}  {shorten(paths[0].parent)}/", console)
    _print_whole(f"what fell where, by the belt itself: {shorten(report.bins_path)}", console)
    for fault in report.faults:
        console.print(f"CONTRADICTION {fault}", style="bold red", highlight=False)
    if report.sheet is not None:
        _print_whole(f"one rejected part in one picture: {shorten(report.sheet)}", console)
    else:
        _print_whole(f"no picture of one rejected part: {report.why_no_sheet}", console)


def not_fed_lines(not_fed: Sequence[NotFed]) -> list[str]:
    """Say of which parts nothing is known, in a line a reason; where the cause stands, if there are any.

    >>> not_fed_lines([NotFed("p3", 1, "feed is off"), NotFed("p4", 2, "feed is off")])[0]
    '2 parts were not fed, feed is off: p3 to p4'
    """
    lines = []
    for why in dict.fromkeys(event.why for event in not_fed):
        parts = [event.part for event in not_fed if event.why == why]
        which = parts[0] if len(parts) == 1 else f"{parts[0]} to {parts[-1]}"
        lines.append(f"{len(parts)} part{'s were' if len(parts) > 1 else ' was'} not fed, {why}: {which}")
    if lines:
        lines.append("  why the feed went off: the alarms below, and daemon.log in the state folder")
    return lines


def _print_whole(line: str, console: Console, style: str = "") -> None:
    """Paths are copied by people: they are neither cut nor broken."""
    console.print(Text(line, style=style), soft_wrap=True)


def shorten(path: Path) -> Path:
    """Return the path from the current folder where it lies in it."""
    resolved = path.resolve()
    return resolved.relative_to(Path.cwd()) if resolved.is_relative_to(Path.cwd()) else resolved


def _part_table(rows: Sequence[Row], width: int) -> Table:
    """One line a part, whatever the width: a reason that is too long is cut, never wrapped (`--json` has it whole)."""
    has_truth = any(row.truth is not None for row in rows)
    heads = ["part", *(["truth"] if has_truth else []), "verdict", "bin", "ms"]
    lines = [
        [
            row.part or f"({row.arrival})",
            *([str(row.truth or "?")] if has_truth else []),
            str(row.verdict or "none"),
            row.lane if row.bin is Bin.ASIDE else str(row.bin or "on belt"),
            "" if row.latency_ms is None else f"{row.latency_ms:.0f}",
        ]
        for row in rows
    ]
    used = sum(2 + max(len(line[i]) for line in [heads, *lines]) for i in range(len(heads)))
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for head in heads:
        table.add_column(head, no_wrap=True, justify="right" if head == "ms" else "left")
    table.add_column("why", no_wrap=True)
    for row, line in zip(rows, lines, strict=True):
        why = Text(row.reason)
        why.truncate(max(width - used, 10), overflow="ellipsis")
        colour = "bold red" if row.is_escape else _COLOURS[row.verdict] if row.verdict else "yellow"
        table.add_row(*(Text(cell, style=colour if cell == str(row.verdict) else "") for cell in line), why)
    return table


def _print_counts(counts: Tally, console: Console) -> None:
    lanes = "".join(f"{name} {count}, " for name, count in counts.lanes.items())
    console.print(
        f"{counts.fed} parts: {counts.accepted} ACCEPT, {counts.rejected} REJECT, {counts.uninspected} UNINSPECTED; "
        f"good bin {counts.good_bin}, {lanes}reject bin {counts.reject_bin}",
        highlight=False,
    )
    if counts.escapes is not None:
        console.print(
            f"escapes {counts.escapes}, false rejects {counts.false_rejects}, "
            f"uninspected {counts.uninspected} (of them good parts: {counts.uninspected_good})",
            style="bold red" if counts.escapes else "bold",
            highlight=False,
        )


def what_it_is(row: Row) -> str:
    """What a part really is, in as few words as a table takes: `good`, the kinds of its defects, or what was wrong with it.

    The truth's text has an entry a defect, parted by semicolons; its first word is the kind.
    """
    kinds = sorted({entry.split()[0] for entry in row.defects.split(";") if entry.strip()})
    return " + ".join(kinds) if row.truth is PartKind.DEFECTIVE and kinds else str(row.truth or "unknown")


def _truth_table(rows: Sequence[Row]) -> Table:
    """What became of parts of each kind: good ones first, then those with a defect, the kinds with most parts first."""
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        by_kind.setdefault(what_it_is(row), []).append(row)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("what parts are", "parts", *VerdictKind, "in the good bin"):
        table.add_column(name, no_wrap=True, justify="left" if name == "what parts are" else "right")
    for kind, found in sorted(by_kind.items(), key=lambda each: (each[0] != PartKind.GOOD, -len(each[1]), each[0])):
        passed = sum(row.bin is Bin.GOOD for row in found)
        is_escape = any(row.is_escape for row in found)
        table.add_row(
            kind,
            f"{len(found)}",
            *(f"{sum(row.verdict is verdict for row in found)}" for verdict in VerdictKind),
            Text(f"{passed}", style="bold red" if is_escape else ""),
        )
    return table


def _stage_table(measured: dict[str, Percentiles]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("stage, ms", "p50", "p95", "p99"):
        table.add_column(name, no_wrap=True, justify="left" if name == "stage, ms" else "right")
    for name, found in measured.items():
        table.add_row(_STAGE_WORDS[name], f"{found.p50:.1f}", f"{found.p95:.1f}", f"{found.p99:.1f}")
    return table


def print_json(report: PlayReport) -> None:
    """Print it for a program."""
    content = {
        "is_good": report.is_good,
        "parts": [dataclasses.asdict(row) for row in report.rows],
        "counts": dataclasses.asdict(report.counts),
        "contradictions": report.faults,
        "not_fed": [{"part": event.part, "why": event.why} for event in report.not_fed],
        "alarms": report.alarms,
        "stages": {name: dataclasses.asdict(found) for name, found in report.stages.items()},
        "pictures": {name: [str(path) for path in paths] for name, paths in report.pictures.items()},
        "bins": str(report.bins_path),
        "sheet": None if report.sheet is None else str(report.sheet),
        "why_no_sheet": report.why_no_sheet,
    }
    print(json.dumps(content, indent=1))
