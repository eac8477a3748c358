"""A state folder whose ledger and journal tell of parts, written as the line and decision workers write them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import sqlalchemy as sa

from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import (
    AlarmRecord,
    ArrivalRecord,
    FindingRecord,
    JournalRecord,
    JournalStarted,
    JudgementRecord,
    LedgerRecord,
    MissingViewRecord,
    OutcomeRecord,
    PartKeyRecord,
    RegionRecord,
    RunEnded,
    RunStarted,
    SurfacePlaceRecord,
    SurfaceRecord,
    VerdictRecord,
    ViewPlaceRecord,
)
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.journal import SegmentReader, SegmentWriter, encode_record
from edge_inspector.journal.segment import HEADER
from edge_inspector.records.database import Database
from edge_inspector.records.indexer import Indexer
from edge_inspector.records.schema import metadata

RECIPE = "a" * 64
UTC = "2024-05-06T07:08:09.000+00:00"
MS = 1_000_000
RESERVE = 1 << 16


def wire_key(seq: int, run: int = 1) -> PartKey:
    return PartKey(run, seq, nonce=1000 + seq, recipe=RECIPE)


def key_of(seq: int, run: int = 1) -> PartKeyRecord:
    return PartKeyRecord.of(wire_key(seq, run))


def arrival(seq: int, run: int = 1) -> ArrivalRecord:
    return ArrivalRecord(key_of(seq, run), seq * 1000 * MS, (seq * 1000 + 500) * MS, UTC)


def judgement(seq: int, camera: str, start_ms: int, regions: tuple[RegionRecord, ...] = ()) -> JudgementRecord:
    base = seq * 1000 * MS
    return JudgementRecord(
        camera=camera,
        engine="cracks",
        score=0.25,
        not_judged="",
        frame_number=seq,
        stamp_ns=base + 90 * MS,
        frame_ns=base + 80 * MS,
        skew_ms=1.5,
        chosen_ns=base + 100 * MS,
        view_sent_ns=base + 105 * MS,
        received_ns=base + 110 * MS,
        started_ns=base + start_ms * MS,
        ended_ns=base + (start_ms + 20) * MS,
        judged_sent_ns=base + (start_ms + 21) * MS,
        arrived_ns=base + (start_ms + 22) * MS,
        regions=regions,
    )


def region(x_px: int = 4, y_px: int = 5, width_px: int = 6, height_px: int = 3) -> RegionRecord:
    return RegionRecord(x_px, y_px, width_px, height_px, bytes([200]) * (width_px * height_px))


def verdict(seq: int, kind: VerdictKind = VerdictKind.ACCEPT, run: int = 1, reasons: tuple[str, ...] = ()) -> VerdictRecord:
    rejects = kind is VerdictKind.REJECT
    finding = FindingRecord("cracks", "crack", 0.9, 1.5, 3.4, ("c1",), 4, 5, 6, 3, True)
    missing = MissingViewRecord("c2", "no_frame", "none within 18 ms")
    return VerdictRecord(
        key=key_of(seq, run),
        verdict=kind,
        reasons=reasons or (("crack 3.4 mm long (limit 2.0)",) if rejects else ()),
        findings=(finding,) if rejects else (),
        judgements=(judgement(seq, "c1", 115, (region(),) if rejects else ()), judgement(seq, "c2", 125)),
        missing=(missing,) if kind is VerdictKind.UNINSPECTED else (),
        trigger_ns=seq * 1000 * MS,
        arrival_ns=seq * 1000 * MS + MS,
        decided_ns=(seq * 1000 + 150) * MS,
        verdict_by_ns=(seq * 1000 + 500) * MS,
        at_utc=UTC,
    )


def surface() -> SurfaceRecord:
    """A straight rod, 60 mm long and 8 mm thick, before six cameras."""
    views = tuple(
        ViewPlaceRecord(f"c{i + 1}", 60.0 * i, 80.0, 100.0, 1400.0, 623.5, 127.5, lead_mm=130.0 + 0.2 * i) for i in range(6)
    )
    return SurfaceRecord(60.1, 8.02, 0.3, 0.1, 0.2, 0.998, (0.0, 0.0, 4.0), views)


def rod_verdict(seq: int, run: int = 1) -> VerdictRecord:
    """A part that is rejected for a crack on its surface, and has a stain that no rule rejects; six views."""
    crack = FindingRecord(
        "cracks", "crack", 0.97, 0.62, 3.4, ("c3", "c2"), 4, 5, 6, 3, True, 0.21, SurfacePlaceRecord(41.2, 132.0, 3.4, 3.0)
    )
    stain = FindingRecord(
        "stains", "stain", 0.7, 1.2, 1.4, ("c1",), 40, 15, 26, 20, False, 1.1, SurfacePlaceRecord(12.0, 359.0, 1.4, 15.8)
    )
    return msgspec.structs.replace(
        verdict(seq, VerdictKind.REJECT, run, ("crack 3.4 mm long (limit 2.0) at 41 mm, 132°, seen by c3, c2",)),
        findings=(crack, stain),
        surface=surface(),
    )


def outcome(seq: int, kind: VerdictKind = VerdictKind.ACCEPT, run: int = 1) -> OutcomeRecord:
    return OutcomeRecord(
        key=key_of(seq, run),
        outcome=Outcome.PASSED if kind is VerdictKind.ACCEPT else Outcome.EJECTED,
        verdict=kind,
        decided=kind,
        reason="" if kind is VerdictKind.ACCEPT else "crack 3.4 mm long (limit 2.0)",
        at_ns=(seq * 1000 + 900) * MS,
        at_utc=UTC,
        length_mm=60.0,
        verdict_at_ns=(seq * 1000 + 155) * MS,
    )


def run_started(run: int = 1) -> RunStarted:
    return RunStarted(1, run, "boot", "abcdef012345", 1, UTC, "demo", RECIPE)


def journal_started() -> JournalStarted:
    return JournalStarted(1, "boot", "abcdef012345", 1, UTC, RECIPE)


def alarm(at_ns: int = 5) -> AlarmRecord:
    return AlarmRecord("ejector", "the gate did not answer", True, at_ns, UTC)


def run_ended() -> RunEnded:
    return RunEnded("drained", 9, UTC)


KINDS = (VerdictKind.ACCEPT, VerdictKind.REJECT, VerdictKind.UNINSPECTED)


def kind_of(seq: int) -> VerdictKind:
    return KINDS[seq % 3]


class History:
    """The two folders of one state folder, open for writing."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.ledger = SegmentWriter.create_next(state_dir / "ledger", preallocate_bytes=RESERVE)
        self.journal = SegmentWriter.create_next(state_dir / "journal", preallocate_bytes=RESERVE)

    def write(self, *records: LedgerRecord | JournalRecord) -> None:
        for record in records:
            writer = self.journal if isinstance(record, JournalRecord) else self.ledger
            writer.append(encode_record(record))

    def write_parts(self, first: int, last: int, run: int = 1) -> None:
        for seq in range(first, last + 1):
            kind = kind_of(seq)
            self.write(arrival(seq, run), verdict(seq, kind, run), outcome(seq, kind, run))

    def close(self) -> None:
        self.ledger.close()
        self.journal.close()


def damage_record(segment: Path, number: int) -> None:
    """Flip one byte inside the record with this number, from 1, of a segment."""
    (offset, payload) = SegmentReader(segment).read()[number - 1]
    content = bytearray(segment.read_bytes())
    content[offset + HEADER.size + len(payload) // 2] ^= 0xFF
    segment.write_bytes(content)


def write_damaged_journal(state_dir: Path) -> None:
    """Five parts, the second and the third rejected for a stain, and a journal that can not be read from the second on.

    The database is built from both afterwards, as it is when somebody deleted it.
    """
    history = History(state_dir)
    stain = FindingRecord("stains", "stain", 0.8, 5.0, 2.5, ("c1",), 5, 6, 7, 8, True)
    for seq in range(1, 6):
        kind = VerdictKind.REJECT if seq in (2, 3) else VerdictKind.ACCEPT
        found = (stain,) if kind is VerdictKind.REJECT else ()
        history.write(arrival(seq), msgspec.structs.replace(verdict(seq, kind), findings=found), outcome(seq, kind))
    history.close()
    damage_record(history.journal.path, 2)
    indexer = Indexer(state_dir)
    while indexer.turn().has_more:
        pass
    indexer.close()


def dump(database_path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, sorted."""
    database = Database(database_path)
    with database.transaction() as connection:
        content = {
            table.name: sorted(map(tuple, connection.execute(sa.select(table)).all()), key=repr)
            for table in metadata.sorted_tables
        }
    database.close()
    return content
