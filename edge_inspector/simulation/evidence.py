"""Reads what a run left behind: the belt's bins, the ledger and the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edge_inspector.domain.records import JournalRecord, LedgerRecord, OutcomeRecord
from edge_inspector.journal import SegmentReader, decode_journal_record, decode_ledger_record, list_segments
from edge_inspector.simulation.bin_events import BinEvent
from edge_inspector.simulation.bins import FILE_NAME, BinsReader

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Evidence:
    """All there is of one state folder, or what was added since a mark."""

    bins: list[BinEvent]
    ledger: list[LedgerRecord]
    journal: list[JournalRecord]


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the files reached at one moment between two lives of the daemon."""

    bins_count: int = 0
    ledger_segment: int = 0
    journal_segment: int = 0


def mark_evidence(state_dir: Path, bins_path: Path | None = None) -> Mark:
    """Remember what is there before a belt and a daemon are started."""
    return Mark(
        bins_count=len(BinsReader(bins_path or state_dir / FILE_NAME).read()),
        ledger_segment=max((number for number, _ in _segments(state_dir / "ledger")), default=0),
        journal_segment=max((number for number, _ in _segments(state_dir / "journal")), default=0),
    )


def read_evidence(state_dir: Path, bins_path: Path | None = None, since: Mark | None = None) -> Evidence:
    """Read it; `bins_path` defaults to the file in the state folder.

    After a mark, outcomes that a new line worker writes for parts of older runs are left out with those parts.

    Raises:
        JournalCorruptError: a segment is damaged before its end.
        MessageRefusedError: a record is of a version that this one does not know.
        RecordingError: the bins file is damaged.
    """
    since = since or Mark()
    ledger = _read_segments(state_dir / "ledger", since.ledger_segment, decode_ledger_record)
    return Evidence(
        bins=BinsReader(bins_path or state_dir / FILE_NAME).read()[since.bins_count :],
        ledger=[r for r in ledger if not (isinstance(r, OutcomeRecord) and r.key.run <= since.ledger_segment)],
        journal=_read_segments(state_dir / "journal", since.journal_segment, decode_journal_record),
    )


def _segments(folder: Path) -> list[tuple[int, Path]]:
    return list_segments(folder) if folder.is_dir() else []


def _read_segments(folder: Path, after: int, decode: Callable[[bytes], R]) -> list[R]:
    return [
        decode(payload) for number, path in _segments(folder) if number > after for _, payload in SegmentReader(path).read()
    ]
