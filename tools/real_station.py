"""What the proofs on real pictures share: how such a tool ends, and a station that judges a recording of known parts."""

from __future__ import annotations

import hashlib
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge_inspector.cli.progress_bar import ProgressBar
from edge_inspector.domain.errors import ConfigurationError, EdgeInspectorError
from edge_inspector.domain.records import VerdictRecord
from edge_inspector.recordings import RecordedTruth
from edge_inspector.simulation.evidence import mark_evidence, read_evidence
from edge_inspector.simulation.playthrough import play_through
from edge_inspector.simulation.reconcile import Row, reconcile, violations
from edge_inspector.simulation.station_recording import load_station_recording
from edge_inspector.station.load import load_station
from edge_inspector.training.package import Progress

INTERRUPTED = 130


def run_tool(work: Callable[[Progress], str]) -> int:
    """Do the work, print the report that it returns, and return the exit status. Ctrl-C and a closed terminal end it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)  # belt and daemon end with this program
    try:
        with ProgressBar() as bar:
            report = work(lambda stage, share: bar.show(stage, share, 1.0))
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return INTERRUPTED
    except EdgeInspectorError as error:
        print(error, file=sys.stderr)
        return 1
    print(report)
    return 0


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def digest_of(weights: Path | None) -> str:
    """SHA-256 of a file of weights, or `random` where there is none."""
    return hashlib.sha256(weights.read_bytes()).hexdigest() if weights else "random"


@dataclass(frozen=True, slots=True)
class JudgedParts:
    """What became of each part that the belt carried, and the verdicts by the name of the arrival."""

    rows: list[Row]
    verdicts: dict[str, VerdictRecord]


def play_known_parts(station_path: Path, truth: Mapping[str, RecordedTruth], progress: Progress) -> JudgedParts:
    """Run belt and daemon over the station's recording.

    Raises:
        ConfigurationError: a part did not come, or bins and ledger do not agree: there is no result then.
    """
    loaded = load_station(station_path)
    recording = load_station_recording(loaded.station, loaded.station_path)
    since = mark_evidence(loaded.state_dir)
    with closing(play_through(loaded.station, loaded.station_path, recording, loaded.state_dir)) as playing:
        for played in playing:
            progress("parts through the line", played.done / played.total)
    evidence = read_evidence(loaded.state_dir, since=since)
    rows = reconcile(evidence.bins, evidence.ledger, truth, evidence.journal)
    faults = violations(rows)
    if faults or len(rows) != len(truth):
        said = "\n".join(faults) or f"{len(rows)} parts came, not {len(truth)}"
        raise ConfigurationError(f"{loaded.state_dir}: bins and ledger do not agree, so there is no result:\n{said}")
    verdicts = {record.key.name: record for record in evidence.journal if isinstance(record, VerdictRecord)}
    return JudgedParts(rows, verdicts)
