from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import ArrivalRecord, OutcomeRecord, PartKeyRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.journal import SegmentWriter, encode_record
from edge_inspector.simulation.bin_events import Fed
from edge_inspector.simulation.bins import BinsWriter
from edge_inspector.simulation.evidence import Mark, mark_evidence, read_evidence


def write_run(state_dir, part, *records):
    bins = BinsWriter(state_dir / "bins.jsonl")
    bins.write(Fed(part, 1, 1.0))
    bins.close()
    ledger = SegmentWriter.create_next(state_dir / "ledger", preallocate_bytes=4096)
    for record in records:
        ledger.append(encode_record(record))
    ledger.close()


def arrival(run):
    return ArrivalRecord(PartKeyRecord(run, 1, 1, "0" * 64), 1, 0, "")


def lost(run):
    return OutcomeRecord(
        PartKeyRecord(run, 1, 1, "0" * 64), Outcome.LOST, VerdictKind.UNINSPECTED, None, "", 0, "", last_frame_ns=0
    )


def test_an_empty_folder_is_no_evidence(tmp_path):
    assert mark_evidence(tmp_path) == Mark()
    evidence = read_evidence(tmp_path)
    assert (evidence.bins, evidence.ledger, evidence.journal) == ([], [], [])


def test_after_a_mark_only_what_came_later_is_read(tmp_path):
    write_run(tmp_path, "old", arrival(1))
    mark = mark_evidence(tmp_path)
    write_run(tmp_path, "new", lost(1), arrival(2))  # the outcome closes a part of the older run
    later = read_evidence(tmp_path, since=mark)
    assert [event.part for event in later.bins] == ["new"]
    assert later.ledger == [arrival(2)]
    assert len(read_evidence(tmp_path).ledger) == 3
