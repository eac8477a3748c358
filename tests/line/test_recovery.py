"""What a dead line worker left behind ends exactly once, also when the ledger itself is torn or damaged."""

from __future__ import annotations

from pathlib import Path

from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import (
    ArrivalRecord,
    LedgerRecord,
    LotRecord,
    OutcomeRecord,
    PartKeyRecord,
    RunEnded,
    RunRecovered,
    RunStarted,
)
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.journal import SegmentWriter, encode_record
from edge_inspector.line.recovery import recover


def key(run: int, seq: int) -> PartKeyRecord:
    return PartKeyRecord(run, seq, 1000 + seq, "ab" * 32)


def arrival(run: int, seq: int) -> ArrivalRecord:
    return ArrivalRecord(key(run, seq), trigger_ns=seq, verdict_by_ns=seq + 1, at_utc="2026-01-01T00:00:00.000+00:00")


def outcome(run: int, seq: int) -> OutcomeRecord:
    return OutcomeRecord(key(run, seq), Outcome.EJECTED, VerdictKind.REJECT, VerdictKind.REJECT, "", 5, "2026-01-01")


def write_run(folder: Path, *records: LedgerRecord) -> Path:
    writer = SegmentWriter.create_next(folder, preallocate_bytes=1 << 16)
    started = RunStarted(1, writer.number, "boot", "0" * 12, 1, "2026-01-01", "demo", "ab" * 32)
    for record in (started, *records):
        writer.append(encode_record(record))
    writer.close()
    return writer.path


def open_names(folder: Path, before: int = 99) -> list[str]:
    return [record.key.name for record in recover(folder, before=before).open_arrivals]


def test_a_first_run_has_nothing_to_recover(tmp_path: Path) -> None:
    recovery = recover(tmp_path, before=1)
    assert recovery.open_arrivals == ()
    assert recovery.ended == ""


def test_arrivals_without_an_outcome_are_open_in_the_order_of_their_arrival(tmp_path: Path) -> None:
    write_run(tmp_path, RunRecovered(0), arrival(1, 1), arrival(1, 2), arrival(1, 3), outcome(1, 2))
    assert open_names(tmp_path) == ["1-1", "1-3"]
    assert recover(tmp_path, before=99).ended is None


def test_a_run_that_ended_on_purpose_says_how(tmp_path: Path) -> None:
    write_run(tmp_path, RunRecovered(0), RunEnded("supervisor_lost", 9, "2026-01-01"))
    assert recover(tmp_path, before=99).ended == "supervisor_lost"


def test_a_successor_that_died_before_it_had_recovered_hides_nothing(tmp_path: Path) -> None:
    write_run(tmp_path, RunRecovered(0), arrival(1, 1), arrival(1, 2))
    write_run(tmp_path, outcome(1, 1))  # died after the first of two
    assert open_names(tmp_path) == ["1-2"]


def test_what_was_recovered_before_is_not_read_again(tmp_path: Path) -> None:
    write_run(tmp_path, RunRecovered(0), arrival(1, 1))
    write_run(tmp_path, outcome(1, 1), RunRecovered(1), arrival(2, 1))
    assert open_names(tmp_path) == ["2-1"]


def test_the_segment_of_this_run_is_not_its_own_past(tmp_path: Path) -> None:
    write_run(tmp_path, RunRecovered(0), arrival(1, 1))
    write_run(tmp_path, arrival(2, 1))
    assert open_names(tmp_path, before=2) == ["1-1"]


def test_a_torn_tail_loses_only_the_record_that_was_never_whole(tmp_path: Path) -> None:
    path = write_run(tmp_path, RunRecovered(0), arrival(1, 1), arrival(1, 2))
    data = path.read_bytes()
    end = len(data.rstrip(b"\0"))
    path.write_bytes(data[: end - 5] + bytes(len(data) - end + 5))
    recovery = recover(tmp_path, before=99)
    assert [record.key.name for record in recovery.open_arrivals] == ["1-1"]
    assert recovery.damaged == ()


def test_damage_in_the_middle_is_said_and_what_stands_before_it_is_recovered(tmp_path: Path) -> None:
    path = write_run(tmp_path, RunRecovered(0), arrival(1, 1), arrival(1, 2), arrival(1, 3))
    data = bytearray(path.read_bytes())
    place = data.rindex(b"2026-01-01", 0, data.rindex(b"2026-01-01"))  # inside the second arrival
    data[place] ^= 0xFF
    path.write_bytes(data)
    recovery = recover(tmp_path, before=99)
    assert [record.key.name for record in recovery.open_arrivals] == ["1-1"]
    (sentence,) = recovery.damaged
    assert str(path) in sentence
    assert "damaged at byte" in sentence


def test_a_long_run_is_read_in_pieces_so_that_the_worker_beats_meanwhile(tmp_path: Path) -> None:
    closed = [record for seq in range(1, 5001) for record in (arrival(1, seq), outcome(1, seq))]
    write_run(tmp_path, *closed, arrival(1, 5001))
    beats: list[None] = []
    recovery = recover(tmp_path, before=2, progress=lambda: beats.append(None))
    assert [record.key.seq for record in recovery.open_arrivals] == [5001]
    assert len(beats) >= 2


def test_a_segment_of_another_version_is_said_in_two_sentences_and_not_in_a_million(tmp_path: Path) -> None:
    writer = SegmentWriter.create_next(tmp_path, preallocate_bytes=1 << 16)
    for _ in range(100):
        writer.append(b"no record of this version")
    writer.close()
    damaged = recover(tmp_path, before=2).damaged
    assert len(damaged) == 2
    assert damaged[1].endswith("99 more records that can not be read")


def lot(name: str) -> LotRecord:
    return LotRecord(name, "maria", 1, "2026-01-01")


def test_the_lot_that_was_named_last_goes_on(tmp_path: Path) -> None:
    assert recover(tmp_path, before=1).lot is None
    write_run(tmp_path, lot("a"), RunRecovered(0), arrival(1, 1), lot("b"), arrival(1, 2), lot("c"))
    assert recover(tmp_path, before=99).lot == "c"


def test_a_run_without_any_lot_keeps_none(tmp_path: Path) -> None:
    write_run(tmp_path, RunRecovered(0), arrival(1, 1))
    assert recover(tmp_path, before=99).lot is None


def test_the_end_of_a_lot_goes_on_too(tmp_path: Path) -> None:
    write_run(tmp_path, lot("a"), RunRecovered(0), lot(""))
    assert recover(tmp_path, before=99).lot == ""


def test_a_successor_that_died_before_it_said_its_lot_hides_none(tmp_path: Path) -> None:
    write_run(tmp_path, lot("a"), RunRecovered(0), lot("b"))
    write_run(tmp_path)
    assert recover(tmp_path, before=99).lot == "b"
