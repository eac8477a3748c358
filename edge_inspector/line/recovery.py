"""What the line worker before this one left behind: its lot, and, where it died, arrivals without an outcome: `lost`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from edge_inspector.domain.errors import JournalCorruptError, MessageRefusedError
from edge_inspector.domain.records import (
    ArrivalRecord,
    LedgerRecord,
    LotRecord,
    OutcomeRecord,
    PartKeyRecord,
    RunEnded,
    RunRecovered,
)
from edge_inspector.journal import SegmentReader, decode_ledger_record, list_segments

PIECE_BYTES = 1 << 20  # read at once: some 20 ms


@dataclass(frozen=True, slots=True)
class Recovery:
    """The state of the ledger before this run."""

    open_arrivals: tuple[ArrivalRecord, ...]
    damaged: tuple[str, ...]  # sentences: file, offset, what
    ended: str | None  # how the last run ended; None: it died; "" : there was none
    lot: str | None = None  # the one named last; None: no lot was ever named


def recover(folder: Path, *, before: int, progress: Callable[[], None] = lambda: None) -> Recovery:
    """Read the ledger back to the last run that had recovered everything before itself.

    `before` is the number of the segment that this run has just created. Damage hides what comes after it in that
    segment; it is said, and never stops the recovery. A run of a month has gigabytes of records: only what is open is kept
    in memory, and `progress` is called every some 20 ms, for a beat.
    """
    found = _Found()
    ended: str | None = ""
    lot: str | None = None
    segments = [(number, path) for number, path in list_segments(folder) if number < before]
    for number, path in reversed(segments):
        found.read_segment(path, progress)
        if number == segments[-1][0]:
            ended = found.segment_ended
        lot = found.segment_lot if lot is None else lot
        if found.has_recovered:
            break
    still_open = sorted(found.open.values(), key=lambda record: (record.key.run, record.key.seq))
    return Recovery(tuple(still_open), tuple(found.damaged), ended, lot)


@dataclass(slots=True)
class _Found:
    """What was read so far, newest segment first. An outcome may stand in a later segment than its arrival."""

    open: dict[PartKeyRecord, ArrivalRecord] = field(default_factory=dict)
    closed: set[PartKeyRecord] = field(default_factory=set)  # those whose arrival was not read yet
    damaged: list[str] = field(default_factory=list)
    has_recovered: bool = False  # of the segment read last
    segment_ended: str | None = None
    segment_lot: str | None = None  # the last one named in it

    def read_segment(self, path: Path, progress: Callable[[], None]) -> None:
        self.segment_ended = self.segment_lot = None
        reader, refused_count = SegmentReader(path), 0
        is_whole = True
        while is_whole:
            try:
                records = reader.read(PIECE_BYTES)
                if not records:
                    break
            except JournalCorruptError as error:
                self.damaged.append(str(error))
                records, is_whole = list(error.records_before), False
            for offset, payload in records:
                try:
                    self._take(decode_ledger_record(payload))
                except MessageRefusedError as error:
                    refused_count += 1
                    if refused_count == 1:
                        self.damaged.append(f"{path}: at byte {offset}: {error}")
            progress()
        if refused_count > 1:
            self.damaged.append(f"{path}: {refused_count - 1} more records that can not be read")

    def _take(self, record: LedgerRecord) -> None:
        match record:
            case ArrivalRecord():
                if record.key in self.closed:
                    self.closed.remove(record.key)
                else:
                    self.open[record.key] = record
            case OutcomeRecord():
                if self.open.pop(record.key, None) is None:
                    self.closed.add(record.key)
            case RunRecovered():
                self.has_recovered = True
            case RunEnded():
                self.segment_ended = record.reason
            case LotRecord():
                self.segment_lot = record.lot
            case _:
                pass
