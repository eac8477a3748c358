"""The checker: every kind of lie that a ledger could tell is found, and a true ledger is left alone."""

import dataclasses

import pytest

from edge_inspector.domain.outcome import Outcome
from edge_inspector.domain.records import ArrivalRecord, OutcomeRecord, PartKeyRecord, VerdictRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.recordings import PartKind, RecordedTruth
from edge_inspector.simulation.bin_events import Bin, Fed, FellInto, GateRefused
from edge_inspector.simulation.reconcile import reconcile, tally, violations

ACCEPT, REJECT, UNINSPECTED = VerdictKind.ACCEPT, VerdictKind.REJECT, VerdictKind.UNINSPECTED


def key(seq):
    return PartKeyRecord(1, seq, 1000 + seq, "0" * 64)


def arrival(seq, t_ns=None):
    return ArrivalRecord(key(seq), seq * 100 if t_ns is None else t_ns, 0, "")


def outcome(seq, what=Outcome.PASSED, verdict=ACCEPT, reason="", **more):
    return OutcomeRecord(key(seq), what, verdict, verdict, reason, 0, "", **more)


def fed(seq, part=None):
    return Fed(part or f"p{seq}", seq * 100, 60.0)


def fell(seq, into=Bin.GOOD, lane=""):
    return FellInto(f"p{seq}", into, seq * 100 + 50, lane)


def found(events, ledger, **options):
    return violations(reconcile(events, ledger), **options)


def test_a_ledger_that_agrees_with_the_bins_has_no_violation():
    events = [fed(1), fed(2), fell(1), fell(2, Bin.REJECT)]
    ledger = [arrival(1), arrival(2), outcome(1), outcome(2, Outcome.EJECTED, REJECT)]
    assert found(events, ledger) == []


def test_parts_and_arrivals_are_matched_by_the_exact_instant():
    rows = reconcile([fed(1), fed(2)], [arrival(7, t_ns=200), arrival(8, t_ns=100)])
    assert [(row.part, row.arrival) for row in rows] == [("p1", "1-8"), ("p2", "1-7")]


@pytest.mark.parametrize(
    ("what", "verdict", "into", "says"),
    [
        (Outcome.PASSED, ACCEPT, Bin.REJECT, "its outcome is `passed`, but it is in the reject bin"),
        (Outcome.PASSED, ACCEPT, None, "its outcome is `passed`, but it is still on the belt"),
        (Outcome.EJECTED, REJECT, Bin.GOOD, "its outcome is `ejected`, but it is in the good bin"),
        (Outcome.PURGED, UNINSPECTED, Bin.GOOD, "its outcome is `purged`, but it is in the good bin"),
        (Outcome.EJECTION_FAILED, REJECT, Bin.GOOD, "is in the good bin with the verdict REJECT"),
        (Outcome.PASSED, UNINSPECTED, Bin.GOOD, "is in the good bin with the verdict UNINSPECTED"),
        (Outcome.LINE_STOPPED, UNINSPECTED, Bin.GOOD, "is in the good bin with the verdict UNINSPECTED"),
    ],
)
def test_an_outcome_that_the_bins_contradict_is_a_violation(what, verdict, into, says):
    events = [fed(1), *([fell(1, into)] if into else [])]
    assert any(says in fault for fault in found(events, [arrival(1), outcome(1, what, verdict)]))


@pytest.mark.parametrize("into", [*Bin, None])
def test_a_lost_part_may_be_anywhere(into):
    events = [fed(1), *([fell(1, into)] if into else [])]
    assert found(events, [arrival(1), outcome(1, Outcome.LOST, UNINSPECTED)]) == []


@pytest.mark.parametrize("count", [0, 2])
def test_anything_but_one_outcome_an_arrival_is_a_violation(count):
    faults = found([fed(1), fell(1)], [arrival(1), *[outcome(1)] * count])
    assert f"p1 (1-1): the ledger holds {count} outcomes of it, not one" in faults


def test_a_part_without_arrival_is_a_violation_unless_edges_may_be_lost():
    events = [fed(1), fell(1, Bin.REJECT)]
    assert found(events, []) == ["p1: the ledger holds no arrival of it"]
    assert found(events, [], edges_may_be_lost=True) == []


def test_a_part_without_arrival_in_the_good_bin_is_always_a_violation():
    faults = found([fed(1), fell(1)], [], edges_may_be_lost=True)
    assert faults == ["p1: is in the good bin, but the ledger holds no arrival of it"]


def test_an_arrival_that_no_part_explains_is_a_violation():
    faults = found([], [arrival(1), outcome(1, Outcome.EJECTED, UNINSPECTED)])
    assert faults == ["arrival 1-1: the belt fed no part at that instant"]


def test_two_arrivals_of_one_part_are_a_violation():
    faults = found([fed(1), fell(1)], [arrival(1), arrival(2, t_ns=100), outcome(1), outcome(2)])
    assert "p1: the ledger holds 2 arrivals of it, not one" in faults


def test_an_outcome_without_arrival_is_a_violation():
    assert found([], [outcome(1)]) == ["arrival 1-1: the ledger holds 0 arrivals of it, not one"]


def test_a_part_that_is_fed_or_falls_twice_is_a_violation():
    assert "p1: fell into a bin 2 times" in found([fed(1), fell(1), fell(1)], [arrival(1), outcome(1)])
    twice = [fed(1), fed(2, part="p1"), fell(1)]
    assert "p1: was fed more than once" in found(twice, [arrival(1), arrival(2), outcome(1), outcome(2)])


def test_escapes_false_rejects_and_uninspected_are_counted_apart():
    truth = {f"p{i}": RecordedTruth(kind) for i, kind in enumerate([PartKind.GOOD, PartKind.DEFECTIVE, PartKind.EMPTY], 1)}
    events = [fed(1), fed(2), fed(3), fell(1, Bin.REJECT), fell(2, Bin.GOOD), fell(3, Bin.REJECT)]
    ledger = [arrival(i) for i in (1, 2, 3)]
    ledger += [outcome(1, Outcome.EJECTED, REJECT), outcome(2), outcome(3, Outcome.EJECTED, UNINSPECTED)]
    counts = tally(reconcile(events, ledger, truth))
    assert (counts.escapes, counts.false_rejects, counts.uninspected, counts.uninspected_good) == (1, 1, 1, 0)
    assert (counts.accepted, counts.rejected, counts.good_bin, counts.reject_bin) == (1, 1, 1, 2)


def test_without_truth_nothing_is_called_an_escape():
    counts = tally(reconcile([fed(1), fell(1)], [arrival(1), outcome(1)]))
    assert counts.escapes is None
    assert counts.false_rejects is None


def test_truth_holds_for_every_turn_of_a_looping_recording():
    rows = reconcile([fed(1, part="p1#3")], [], {"p1": RecordedTruth(PartKind.DEFECTIVE)})
    assert rows[0].truth is PartKind.DEFECTIVE


def test_the_reason_joins_the_words_of_line_and_decision():
    decided = VerdictRecord(key(1), REJECT, ("crack 3 mm long (limit 2)",), (), (), (), 100, 0, 0, 0, "")
    ledger = [arrival(1), outcome(1, Outcome.EJECTED, REJECT, "drained", verdict_at_ns=9_000_000, last_frame_ns=2_000_000)]
    row = reconcile([fed(1)], ledger, journal=[decided])[0]
    assert row.reason == "drained; crack 3 mm long (limit 2)"
    assert row.latency_ms == 7.0


def test_every_row_can_be_printed_as_json():
    row = reconcile([fed(1), fell(1)], [arrival(1), outcome(1)])[0]
    assert dataclasses.asdict(row)["outcome"] == "passed"


LED_ASIDE = outcome(1, Outcome.EJECTED, UNINSPECTED, lane="second_pass")


def test_a_part_in_the_lane_that_was_opened_for_it_is_no_violation():
    events = [fed(1), fell(1, Bin.ASIDE, "second_pass"), fed(2), fell(2, lane="good")]
    assert found(events, [arrival(1), LED_ASIDE, arrival(2), outcome(2, lane="good")]) == []


@pytest.mark.parametrize(
    ("told", "lane", "says"),
    [
        (LED_ASIDE, "scrap", "ejector second_pass was opened for it, but it is in lane scrap"),
        (LED_ASIDE, "", "ejector second_pass was opened for it, but it is in the reject bin"),
        (outcome(1, Outcome.EJECTED, REJECT), "scrap", "no ejector was opened for it, but it is in lane scrap"),
        (outcome(1, Outcome.PURGED, UNINSPECTED), "scrap", "no ejector was opened for it, but it is in lane scrap"),
        (outcome(1, Outcome.LINE_STOPPED, UNINSPECTED), "scrap", "no ejector was opened for it, but it is in lane scrap"),
        (outcome(1, Outcome.LOST, ACCEPT, lane="good"), "scrap", "was accepted, and is in lane scrap"),
        (outcome(1, Outcome.PASSED, lane="good"), "scrap", "its outcome is `passed`, but it is in lane scrap"),
    ],
)
def test_a_part_in_another_lane_than_the_one_told_is_a_violation(told, lane, says):
    events = [fed(1), fell(1, Bin.ASIDE if lane else Bin.REJECT, lane)]
    assert found(events, [arrival(1), told]) == [f"p1 (1-1): {says}"]


def test_a_part_whose_ejector_the_belt_did_not_open_may_be_in_the_last_bin():
    events = [fed(1), GateRefused(1, 1, "second_pass"), fell(1, Bin.REJECT)]
    assert found(events, [arrival(1), LED_ASIDE]) == []
    assert found([fed(1), GateRefused(1, 1, "good"), fell(1, Bin.REJECT)], [arrival(1), LED_ASIDE]) != []


def test_a_part_led_aside_before_a_purge_may_be_in_its_lane_or_in_the_last_bin():
    purged = outcome(1, Outcome.PURGED, UNINSPECTED, lane="second_pass")
    for into, lane in ((Bin.ASIDE, "second_pass"), (Bin.REJECT, "")):
        assert found([fed(1), fell(1, into, lane)], [arrival(1), purged]) == []


def test_lanes_are_counted_by_their_names():
    events = [fed(1), fell(1, Bin.ASIDE, "second_pass"), fed(2), fell(2, Bin.ASIDE, "scrap"), fed(3), fell(3, lane="good")]
    counts = tally(reconcile(events, [arrival(i) for i in (1, 2, 3)]))
    assert (counts.lanes, counts.good_bin, counts.reject_bin) == ({"second_pass": 1, "scrap": 1}, 1, 0)
