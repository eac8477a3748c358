"""What a line worker that died left behind: arrivals without an outcome, which are `lost`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge_inspector.domain.errors import JournalCorruptError, MessageRefusedError
from edge_inspector.domain.records import ArrivalRecord, OutcomeRecord, PartKeyRecord, RunEnded, RunRecovered, RunStarted
from edge_inspector.journal import SegmentReader, decode_ledger_record, list_segments


@dataclass(frozen=True, slots=True)
class Recovery:
    """The state of the ledger before this run."""

    open_arrivals: tuple[ArrivalRecord, ...]
    damaged: tuple[str, ...]  # sentences: file, offset, what
    ended: str | None  # how the last run ended; None: it died; "" : there was none


def recover(folder: Path, *, before: int) -> Recovery:
    """Read the ledger back to the last run that had recovered everything before itself.

    `before` is the number of the segment that this run has just created. Damage hides what comes after it in that
    segment; it is said, and never stops the recovery.
    """
    arrivals: dict[PartKeyRecord, ArrivalRecord] = {}
    closed: set[PartKeyRecord] = set()
    damaged: list[str] = []
    ended: str | None = ""
    is_last = True
    for number, path in reversed(list_segments(folder)):
        if number >= before:
            continue
        has_recovered = False
        segment_ended: str | None = None
        try:
            records = SegmentReader(path).read()
        except JournalCorruptError as error:
            damaged.append(str(error))
            records = list(error.records_before)
        for offset, payload in records:
            try:
                record = decode_ledger_record(payload)
            except MessageRefusedError as error:
                damaged.append(f"{path}: at byte {offset}: {error}")
                continue
            match record:
                case ArrivalRecord():
                    arrivals[record.key] = record
                case OutcomeRecord():
                    closed.add(record.key)
                case RunRecovered():
                    has_recovered = True
                case RunEnded():
                    segment_ended = record.reason
                case RunStarted() | _:
                    pass
        if is_last:
            ended, is_last = segment_ended, False
        if has_recovered:
            break
    still_open = [record for key, record in arrivals.items() if key not in closed]
    still_open.sort(key=lambda record: (record.key.run, record.key.seq))
    return Recovery(tuple(still_open), tuple(damaged), ended)
