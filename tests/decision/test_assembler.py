from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from edge_inspector.decision import (
    ArrivalSeen,
    Assembler,
    Assessment,
    Bounds,
    Criteria,
    Decide,
    Dropped,
    Event,
    JudgementSeen,
    Tick,
    ViewMissingSeen,
    judge_part,
    open_part,
)
from edge_inspector.decision.criteria import Pair
from edge_inspector.domain.clock import NS_PER_MS
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.judgement import Judged, Judgement, NotJudged
from edge_inspector.domain.records import VerdictRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.domain.view import MissingReason, Outline
from tests.decision import builders as b
from tests.decision import ring
from tests.decision import slow_surface_fusion as slow

ACCEPT, UNINSPECTED, REJECT = VerdictKind.ACCEPT, VerdictKind.UNINSPECTED, VerdictKind.REJECT
TWO_ENGINES = ("crack-d2s2", "stain-d2s2")


class Line:
    """Drives one assembler with times in ms; decided so far in `effects`."""

    def __init__(self, engines: tuple[str, ...] = ("crack-d2s2",), bounds: Bounds | None = None) -> None:
        self.assembler = Assembler(b.criteria(b.recipe(engines)), b.DIGEST, 500 * NS_PER_MS, bounds)
        self.effects: list[Decide] = []

    def at(self, t_ms: float, *events: Event) -> list[VerdictKind]:
        new = [effect for event in events for effect in self.assembler.step(event, round(t_ms * NS_PER_MS))]
        self.effects += new
        return [effect.verdict.kind for effect in new]

    @property
    def reasons(self) -> tuple[str, ...]:
        return self.effects[-1].verdict.reasons


def arrived(**kwargs: object) -> ArrivalSeen:
    return ArrivalSeen(b.arrival(**kwargs))  # type: ignore[arg-type]


def judged(
    camera: str = "c1",
    result: Judged | NotJudged = b.CLEAN,
    part: PartKey | None = None,
    *,
    engine: str = "crack-d2s2",
    frame: int = 5,
    sender: str = b.INFERENCE,
    sent_ms: int = 0,
) -> JudgementSeen:
    return JudgementSeen(b.judgement(part, camera, result, engine=engine, frame=frame, sent_ms=sent_ms), sender)


def no_view(camera: str = "c1", reason: MissingReason = MissingReason.NO_FRAME) -> ViewMissingSeen:
    return ViewMissingSeen(b.missing(None, camera, reason))


def test_a_part_judged_clean_by_every_camera_is_accepted_at_the_last_word() -> None:
    line = Line()
    assert line.at(1001, arrived()) == []
    assert line.at(1030, judged("c1")) == []
    assert line.at(1040, judged("c2")) == [ACCEPT]
    assert line.reasons == ()


def test_every_engine_must_judge_every_view() -> None:
    line = Line(TWO_ENGINES)
    line.at(1001, arrived(), judged("c1"), judged("c2"), judged("c1", engine="stain-d2s2"))
    assert line.at(1090, Tick()) == [UNINSPECTED]
    assert line.reasons == ("c2: no judgement of stain in time",)


def test_a_crack_in_one_view_rejects_the_part_once_all_is_known() -> None:
    line = Line()
    assert line.at(1001, arrived(), judged("c1", b.CRACKED)) == []
    assert line.at(1040, judged("c2")) == [REJECT]
    assert "seen by c1" in line.reasons[0]


def test_a_missing_view_waits_for_the_others_since_they_may_reject() -> None:
    line = Line()
    assert line.at(1001, arrived(), no_view("c1")) == []
    assert line.at(1040, judged("c2", b.CRACKED)) == [REJECT]
    assert line.reasons[1] == "c1: no view: no_frame (nearest 40 ms away)"


def test_all_views_missing_is_decided_at_once() -> None:
    assert Line().at(1001, arrived(), no_view("c1"), no_view("c2")) == [UNINSPECTED]


def test_a_view_that_was_not_judged_is_never_accepted() -> None:
    line = Line()
    assert line.at(1001, arrived(), judged("c1", b.NOT_JUDGED), judged("c2")) == [UNINSPECTED]
    assert line.reasons == ("c1: crack not judged: too_late (12 ms short)",)


def test_at_the_deadline_less_its_margin_the_part_is_decided_with_what_is_there() -> None:
    line = Line()
    line.at(1001, arrived(), judged("c1"))
    assert line.assembler.next_due_ns == 1085 * NS_PER_MS
    assert line.at(1084.9, Tick()) == []
    assert line.at(1085, Tick()) == [UNINSPECTED]
    assert line.reasons == ("c2: no judgement of crack in time",)
    assert line.assembler.next_due_ns is None


def test_the_last_word_after_a_pause_beyond_the_deadline_is_no_accept() -> None:
    line = Line()
    line.at(1001, arrived(), judged("c1"))
    assert line.at(1300, judged("c2")) == [UNINSPECTED]
    assert line.at(1301, Tick()) == []


def test_an_arrival_that_comes_after_its_deadline_is_decided_at_once() -> None:
    line = Line()
    assert line.at(1200, judged("c1"), judged("c2")) == []
    assert line.at(1201, arrived()) == [UNINSPECTED]
    assert line.reasons == ("everything was known too late",)


def test_judgements_that_overtake_their_arrival_count() -> None:
    line = Line()
    assert line.at(1001, judged("c1"), judged("c2")) == []
    assert line.at(1002, arrived()) == [ACCEPT]


def test_a_view_taken_back_after_accept_is_a_second_and_worse_verdict() -> None:
    line = Line()
    assert line.at(1001, arrived(), judged("c1"), judged("c2")) == [ACCEPT]
    assert line.at(1050, no_view("c2", MissingReason.FRAME_SHARED)) == [UNINSPECTED]
    assert line.effects[0].is_first
    assert not line.effects[1].is_first
    assert line.reasons[0].startswith("c2: no view: frame_shared")


def test_a_duplicate_after_accept_changes_nothing() -> None:
    line = Line()
    line.at(1001, arrived(), judged("c1"), judged("c2"))
    assert line.at(1050, judged("c1"), arrived()) == []
    assert line.at(1200, judged("c2", b.CRACKED)) == []


def test_a_crack_seen_after_the_deadline_makes_the_verdict_worse() -> None:
    line = Line()
    line.at(1001, arrived(), judged("c1"))
    line.at(1090, Tick())
    assert line.at(1095, judged("c2", b.CRACKED)) == [REJECT]


def test_a_clean_view_after_the_deadline_changes_nothing() -> None:
    line = Line()
    line.at(1001, arrived(), judged("c1"))
    line.at(1090, Tick())
    assert line.at(1095, judged("c2")) == []


def test_a_view_taken_back_leaves_a_reject_a_reject() -> None:
    line = Line()
    assert line.at(1001, arrived(), judged("c1", b.CRACKED), judged("c2")) == [REJECT]
    assert line.at(1050, no_view("c1")) == []


def test_an_arrival_from_before_this_life_is_never_accepted() -> None:
    line = Line()
    assert line.at(501, arrived(trigger_ms=499), judged("c1"), judged("c2")) == [UNINSPECTED]
    assert line.reasons == ("decision worker started after this part",)


def test_a_flagged_arrival_is_never_accepted_and_can_be_rejected() -> None:
    line = Line()
    assert line.at(1001, arrived(flagged="too close to part 3-0"), judged("c1"), judged("c2")) == [UNINSPECTED]
    assert line.reasons == ("too close to part 3-0",)
    line = Line()
    assert line.at(1001, arrived(flagged="too close"), judged("c1", b.CRACKED), judged("c2")) == [REJECT]


def test_an_arrival_for_another_recipe_is_uninspected_at_once() -> None:
    line = Line()
    assert line.at(1001, arrived(part=b.key(digest="cd" * 32))) == [UNINSPECTED]
    assert line.reasons[0] == "recipe cdcdcdcdcdcd asked for, abababababab is loaded"


def test_what_has_no_part_is_dropped_and_counted_by_kind() -> None:
    line = Line()
    line.at(1001, arrived(), arrived(), judged("c1"))
    line.at(
        1002,
        judged("c1", b.CRACKED),
        judged("c2", b.CRACKED, b.key(nonce=78)),
        judged("c2", b.CRACKED, b.key(digest="cd" * 32)),
        judged("c9", b.CRACKED),
        judged("c2", b.CRACKED, engine="stain-d2s2"),
        judged("c2", b.CRACKED, b.key(seq=9)),
    )
    assert line.at(1003, judged("c2")) == [ACCEPT]
    line.at(3000, Tick())
    assert line.assembler.dropped == {
        Dropped.DUPLICATE_ARRIVAL: 1,
        Dropped.DUPLICATE: 1,
        Dropped.OTHER_NONCE: 1,
        Dropped.OTHER_RECIPE: 1,
        Dropped.OTHER_CAMERA: 1,
        Dropped.OTHER_ENGINE: 1,
        Dropped.UNKNOWN_PART: 1,
    }


def test_two_engines_that_judged_different_frames_do_not_make_a_view() -> None:
    line = Line(TWO_ENGINES)
    line.at(1001, arrived(), judged("c2"), judged("c2", engine="stain-d2s2"))
    assert line.at(1002, judged("c1", frame=5), judged("c1", engine="stain-d2s2", frame=6)) == []
    assert line.at(1090, Tick()) == [UNINSPECTED]
    assert line.assembler.dropped == {Dropped.OTHER_VIEW: 1}


def test_an_inference_worker_that_has_a_successor_is_not_heard() -> None:
    line = Line()
    first, second = b.key(1), b.key(2)
    line.at(1001, arrived(part=first), arrived(part=second))
    line.at(1002, judged("c1", part=first, sender="a" * 12, sent_ms=1000))
    line.at(1003, judged("c1", part=second, sender="b" * 12, sent_ms=1002))
    assert line.at(1004, judged("c2", part=first, sender="a" * 12, sent_ms=1001)) == []
    assert line.at(1005, judged("c2", part=second, sender="b" * 12, sent_ms=1003)) == [ACCEPT]
    assert line.assembler.dropped == {Dropped.OLD_INCARNATION: 1}


def test_a_dead_inference_worker_heard_late_can_not_silence_its_successor() -> None:
    line = Line()
    first, second = b.key(1), b.key(2)
    line.at(1001, arrived(part=first), arrived(part=second))
    line.at(1002, judged("c1", part=first, sender="b" * 12, sent_ms=1002))
    line.at(1003, judged("c2", part=first, sender="a" * 12, sent_ms=999))
    assert line.at(1004, judged("c2", part=first, sender="b" * 12, sent_ms=1003)) == [ACCEPT]


def test_a_foreign_word_from_the_future_on_a_foreign_part_can_not_silence_the_living_sender() -> None:
    line = Line()
    ghost = b.key(8, nonce=1)
    line.at(1001, arrived(), arrived(part=ghost), judged("c1", sent_ms=1001))
    line.at(1002, judged("c1", part=ghost, sender="f" * 12, sent_ms=9_000_000))
    assert line.at(1003, judged("c2", sent_ms=1003)) == [ACCEPT]


def test_a_foreign_sender_without_a_part_can_not_silence_the_living_one() -> None:
    line = Line()
    line.at(1001, arrived(), judged("c1"))
    line.at(1002, judged("c1", part=b.key(nonce=1), sender="f" * 12), judged("c1", part=b.key(8), sender="f" * 12))
    assert line.at(1003, judged("c2")) == [ACCEPT]


def test_early_messages_are_bounded_in_number_and_time() -> None:
    line = Line(bounds=Bounds(early=4))
    line.at(1001, *(judged("c1", part=b.key(seq)) for seq in range(1, 8)))
    assert line.assembler.dropped == {Dropped.UNKNOWN_PART: 3}
    line.at(2500, Tick())
    assert line.assembler.dropped == {Dropped.UNKNOWN_PART: 7}
    assert line.at(2501, arrived(part=b.key(7), verdict_by_ms=2600), judged("c2", part=b.key(7))) == []


def test_a_part_too_many_decides_the_oldest_as_uninspected() -> None:
    line = Line(bounds=Bounds(parts=2))
    line.at(1001, arrived(part=b.key(1)), arrived(part=b.key(2)))
    assert line.at(1002, arrived(part=b.key(3))) == [UNINSPECTED]
    assert line.effects[0].verdict.key == b.key(1)
    assert "more than 2 parts under way" in line.reasons
    assert line.assembler.undecided_count == 2


def test_a_part_too_many_forgets_a_decided_one_first() -> None:
    line = Line(bounds=Bounds(parts=2))
    line.at(1001, arrived(part=b.key(1)), arrived(part=b.key(2)))
    line.at(1002, judged("c1", part=b.key(2)), judged("c2", part=b.key(2)))
    assert line.at(1003, arrived(part=b.key(3))) == []
    assert line.at(1090, Tick()) == [UNINSPECTED, UNINSPECTED]


def test_a_decided_part_is_forgotten_some_time_after_its_deadline() -> None:
    line = Line()
    line.at(1001, arrived(), judged("c1"), judged("c2"))
    assert line.at(11_099, no_view("c1")) == [UNINSPECTED]
    line.at(11_101, no_view("c2"))
    line.at(13_000, Tick())
    assert line.assembler.dropped == {Dropped.UNKNOWN_PART: 1}


def test_a_part_beyond_its_deadline_is_overdue_until_it_is_decided() -> None:
    line = Line()
    line.at(1001, arrived())
    assert line.assembler.overdue_ns(1100 * NS_PER_MS) == 0
    assert line.assembler.overdue_ns(1150 * NS_PER_MS) == 50 * NS_PER_MS
    line.at(1150, Tick())
    assert line.assembler.overdue_ns(1200 * NS_PER_MS) == 0


def test_the_verdict_carries_the_last_frame_and_the_time_in_which_engines_ran() -> None:
    line = Line(TWO_ENGINES)
    line.at(1001, arrived())
    for camera, frame in (("c1", 5), ("c2", 9)):
        for engine, times_ms in (("crack-d2s2", (1010, 1020)), ("stain-d2s2", (1015, 1025))):
            message = b.judgement(None, camera, engine=engine, frame=frame, times_ms=times_ms)
            line.at(1030, JudgementSeen(message, b.INFERENCE))
    verdict = line.effects[0].verdict
    assert verdict.last_frame_ns == 1000 * NS_PER_MS + 9
    assert verdict.inference_busy_ns == 15 * NS_PER_MS
    assert verdict.decided_ns == 1030 * NS_PER_MS


def test_the_record_holds_all_that_led_to_the_verdict() -> None:
    line = Line()
    line.at(1001, arrived())
    line.at(1030, judged("c1", b.CRACKED))
    line.at(1040, no_view("c2"))
    record = line.effects[0].record
    assert (record.key.name, record.verdict, record.arrival_ns) == ("3-1", REJECT, 1001 * NS_PER_MS)
    assert [(j.camera, j.engine, j.score, j.arrived_ns) for j in record.judgements] == [
        ("c1", "crack-d2s2", 1.0, 1030 * NS_PER_MS)
    ]
    assert record.judgements[0].regions[0].probability == b.CRACKED.regions[0].probability
    assert [(m.camera, m.reason) for m in record.missing] == [("c2", "no_frame")]
    assert [f.rejects for f in record.findings] == [True]


def ring_line() -> Line:
    line = Line()
    line.assembler = Assembler(ring.criteria(), b.DIGEST, 500 * NS_PER_MS)
    return line


def ring_judgements(*blobs: slow.Blob) -> list[JudgementSeen]:
    return [JudgementSeen(each, b.INFERENCE) for each in ring.judgements(ring.STRAIGHT, blobs).values()]


def test_a_part_is_judged_once_and_again_only_when_something_new_may_make_it_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def counted(criteria: Criteria, trigger_ns: int, judgements: Mapping[Pair, Judgement], *rest: object) -> Assessment:
        calls.append(len(judgements))
        return judge_part(criteria, trigger_ns, judgements, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(open_part, "judge_part", counted)
    line = ring_line()
    said = ring_judgements()
    line.at(1001, arrived(verdict_by_ms=2000), *said[:5])
    assert calls == []
    line.at(1700, said[5])
    assert calls == [6]
    line.at(1701, Tick(), *said, arrived())  # nothing new
    assert calls == [6]
    assert line.at(1702, no_view("c1")) == [UNINSPECTED]
    assert calls == [6, 6]
    rejected = ring_line()
    cracked = ring_judgements(slow.Blob(8.0, 0.5, 2.0, 0.6, 0.0, 1.0))
    assert rejected.at(1700, arrived(verdict_by_ms=2000), *cracked) == [REJECT]
    assert rejected.at(1702, no_view("c1")) == []
    assert calls == [6, 6, 6]  # nothing is worse than REJECT


def test_the_record_holds_the_surface_and_where_each_finding_lies() -> None:
    line = ring_line()
    line.at(1001, arrived(verdict_by_ms=2000))
    assert line.at(1700, *ring_judgements(slow.Blob(8.0, 0.5, 2.0, 0.6, 0.0, 1.0))) == [REJECT]
    record = line.effects[0].record
    assert record.surface is not None
    assert record.surface.length_mm == pytest.approx(20.0, abs=0.1)
    assert [view.camera for view in record.surface.views] == list(ring.CAMERAS)
    (finding,) = record.findings
    assert finding.place is not None
    assert finding.place.along_mm == pytest.approx(8.0, abs=0.3)
    assert finding.place.angle_deg == pytest.approx(28.6, abs=3)
    assert finding.place.along_extent_mm == pytest.approx(4.0, abs=0.5)
    assert finding.width_mm == pytest.approx(1.2, abs=0.3)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=VerdictRecord) == record


def test_the_record_of_a_part_whose_views_stay_apart_holds_what_its_outlines_measure() -> None:
    line = Line()
    outline = Outline(10.0, 110.0, (20.0, 60.0, 100.0), (6.0, 6.0, 6.0), (26.0, 26.0, 26.0))
    said = []
    for camera in ("c1", "c2"):
        judgement = b.judgement(None, camera)
        said.append(msgspec.structs.replace(judgement, view=msgspec.structs.replace(judgement.view, outline=outline)))
    line.at(1001, arrived(), *(JudgementSeen(each, b.INFERENCE) for each in said))
    record = line.effects[0].record
    assert (record.length_mm, record.diameter_mm, record.surface) == (pytest.approx(10.0), pytest.approx(2.0), None)
