from __future__ import annotations

import pytest

from edge_inspector.capture.frame_choice import (
    MOST_PENDING,
    CameraLost,
    Chosen,
    Effect,
    FrameArrived,
    FrameChooser,
    Missing,
    Tick,
)
from edge_inspector.domain.identity import PartKey
from edge_inspector.domain.part import Arrival
from edge_inspector.domain.view import MissingReason

MS = 1_000_000
OFFSET, TOLERANCE, PERIOD, LATENCY, MARGIN = 500 * MS, 19 * MS, 33 * MS, 30 * MS, 20 * MS
START = 10_000 * MS


def chooser() -> FrameChooser:
    return FrameChooser(OFFSET, TOLERANCE, PERIOD, LATENCY, MARGIN)


def part(seq: int, due_ms: float, verdict_by_ms: float = 1000) -> Arrival:
    """A part in view `due_ms` after START whose verdict is due `verdict_by_ms` after START."""
    key = PartKey(run=1, seq=seq, nonce=seq, recipe="0" * 64)
    return Arrival(key, START + round(due_ms * MS) - OFFSET, START + round(verdict_by_ms * MS), START)


def frame(number: int, mid_ms: float) -> FrameArrived:
    return FrameArrived(number, START + round(mid_ms * MS) + LATENCY)


def at(ms: float) -> int:
    return START + round(ms * MS)


def reasons(effects: list[Effect]) -> list[tuple[int, MissingReason]]:
    assert all(isinstance(effect, Missing) for effect in effects)
    return [(effect.key.seq, effect.reason) for effect in effects if isinstance(effect, Missing)]


def test_a_frame_shortly_before_the_instant_is_chosen_at_once_since_the_next_must_be_farther() -> None:
    c = chooser()
    a = part(1, due_ms=100)
    assert c.step(a, at(0)) == []
    assert c.step(frame(7, 92), at(122)) == [Chosen(a, 7, at(92) + LATENCY, at(92), -8 * MS)]


def test_a_frame_long_before_the_instant_waits_for_the_next_and_the_nearer_is_chosen() -> None:
    c = chooser()
    c.step(part(1, due_ms=100), at(0))
    assert c.step(frame(7, 84), at(114)) == []
    [chosen] = c.step(frame(8, 115), at(145))
    assert isinstance(chosen, Chosen)
    assert chosen.number == 8


def test_of_two_frames_equally_far_the_earlier_is_chosen() -> None:
    c = chooser()
    c.step(frame(1, 84), at(114))
    c.step(frame(2, 116), at(146))
    [chosen] = c.step(part(1, due_ms=100), at(147))
    assert isinstance(chosen, Chosen)
    assert chosen.number == 1


def test_an_arrival_that_comes_after_its_frames_is_answered_at_once() -> None:
    c = chooser()
    for number in range(5):
        c.step(frame(number, 33 * number), at(33 * number + 30))
    [chosen] = c.step(part(1, due_ms=70), at(170))
    assert isinstance(chosen, Chosen)
    assert chosen.number == 2


def test_without_a_later_frame_the_part_is_answered_after_period_latency_and_margin() -> None:
    c = chooser()
    c.step(part(1, due_ms=100), at(0))
    c.step(frame(7, 83), at(113))
    assert c.step(Tick(), at(182)) == []
    assert c.next_deadline_ns() == at(183)
    [chosen] = c.step(Tick(), at(183))
    assert isinstance(chosen, Chosen)
    assert chosen.number == 7


def test_a_frame_told_after_a_pause_does_not_end_the_wait_before_the_frames_behind_it_are_told() -> None:
    c = chooser()
    c.step(part(1, due_ms=200), at(0))
    late = at(700)  # the process was stopped meanwhile
    assert c.step(frame(1, 183), late) == []
    [chosen] = c.step(frame(2, 203), late)
    assert isinstance(chosen, Chosen)
    assert chosen.number == 2


def test_a_frame_outside_the_tolerance_is_no_view_and_the_distance_is_said() -> None:
    c = chooser()
    c.step(part(1, due_ms=100), at(0))
    c.step(frame(7, 78), at(108))
    assert c.step(frame(8, 141), at(171)) == [
        Missing(part(1, 0).key, MissingReason.NO_FRAME, "the nearest frame is -22.0 ms off, allowed 19.0")
    ]


def test_a_camera_that_never_delivered_is_no_frame() -> None:
    c = chooser()
    c.step(part(1, due_ms=100), at(0))
    assert reasons(c.step(Tick(), at(183))) == [(1, MissingReason.NO_FRAME)]


def test_two_parts_with_one_nearest_frame_are_both_missing() -> None:
    c = chooser()
    c.step(part(1, due_ms=95), at(0))
    c.step(part(2, due_ms=105), at(1))
    effects = c.step(frame(7, 100), at(130)) + c.step(frame(8, 133), at(163))
    assert reasons(effects[1:]) == [(1, MissingReason.FRAME_SHARED), (2, MissingReason.FRAME_SHARED)]


def test_a_view_already_sent_is_taken_back_when_its_frame_is_chosen_again() -> None:
    c = chooser()
    c.step(frame(7, 100), at(130))
    assert isinstance(c.step(part(1, due_ms=95), at(131))[0], Chosen)
    assert c.step(part(2, due_ms=99), at(140)) == [
        Missing(part(1, 0).key, MissingReason.FRAME_SHARED, "frame 7 is also the nearest to part 1-2"),
        Missing(part(2, 0).key, MissingReason.FRAME_SHARED, "frame 7 is also the nearest to part 1-1"),
    ]
    assert reasons(c.step(part(3, due_ms=98), at(141))) == [(3, MissingReason.FRAME_SHARED)]


def test_an_arrival_said_twice_is_answered_once_and_never_shares_with_itself() -> None:
    c = chooser()
    c.step(frame(7, 100), at(130))
    assert len(c.step(part(1, due_ms=95), at(131))) == 1
    assert c.step(part(1, due_ms=95), at(132)) == []


def test_after_its_deadline_a_part_is_late_even_when_the_frame_is_there() -> None:
    c = chooser()
    c.step(frame(7, 100), at(130))
    assert reasons(c.step(part(1, due_ms=95, verdict_by_ms=140), at(141))) == [(1, MissingReason.LATE)]


def test_a_pending_part_is_late_as_soon_as_its_deadline_has_passed() -> None:
    c = chooser()
    c.step(part(1, due_ms=100, verdict_by_ms=120), at(0))
    assert c.step(Tick(), at(120)) == []
    assert reasons(c.step(Tick(), c.next_deadline_ns() or 0)) == [(1, MissingReason.LATE)]


def test_a_lost_camera_fails_pending_and_new_parts_until_a_frame_comes() -> None:
    c = chooser()
    c.step(part(1, due_ms=100), at(0))
    assert reasons(c.step(CameraLost("gone"), at(50))) == [(1, MissingReason.CAMERA_LOST)]
    assert c.step(part(2, due_ms=150), at(51)) == [Missing(part(2, 0).key, MissingReason.CAMERA_LOST, "gone")]
    c.step(frame(1, 190), at(220))
    assert c.step(part(3, due_ms=230), at(221)) == []
    [chosen] = c.step(frame(2, 235), at(265))
    assert isinstance(chosen, Chosen)


def test_more_parts_than_may_wait_are_refused_at_once() -> None:
    c = chooser()
    for seq in range(1, MOST_PENDING + 1):
        assert c.step(part(seq, due_ms=100), at(0)) == []
    assert reasons(c.step(part(MOST_PENDING + 1, due_ms=100), at(0))) == [(MOST_PENDING + 1, MissingReason.NOT_SENT)]
    assert (c.pending_count, c.pending_peak, c.overflow_count) == (MOST_PENDING, MOST_PENDING, 1)


def test_frames_older_than_two_seconds_are_forgotten() -> None:
    c = chooser()
    for number in range(100):
        c.step(frame(number, 33 * number), at(33 * number + 30))
    assert c.oldest_number == 99 - 60
    assert reasons(c.step(part(1, due_ms=33, verdict_by_ms=9999), at(3300))) == [(1, MissingReason.NO_FRAME)]


def test_a_frame_that_is_not_newer_is_ignored() -> None:
    c = chooser()
    c.step(frame(7, 100), at(130))
    c.step(frame(8, 95), at(131))
    [chosen] = c.step(part(1, due_ms=95), at(132))
    assert isinstance(chosen, Chosen)
    assert chosen.number == 7


@pytest.mark.parametrize(("now_ms", "overdue_ms"), [(50, 0), (130, 30)])
def test_a_part_that_only_travels_towards_the_camera_is_not_overdue(now_ms: float, overdue_ms: float) -> None:
    c = chooser()
    c.step(part(1, due_ms=100), at(0))
    assert c.longest_overdue_ns(at(now_ms)) == overdue_ms * MS


def test_arrivals_from_the_future_are_answered_at_once_and_take_nobodys_place() -> None:
    c = chooser()
    for seq in range(2, 2 + MOST_PENDING):
        ghost = Arrival(PartKey(1, seq, seq, "0" * 64), 2**63 - 1, 2**63 - 1, START)
        assert reasons(c.step(ghost, at(0))) == [(seq, MissingReason.NO_FRAME)]
    a = part(1, due_ms=100)
    assert c.step(a, at(0)) == []
    assert c.step(frame(7, 100), at(130)) == [Chosen(a, 7, at(100) + LATENCY, at(100), 0)]


def test_a_frame_stamped_in_the_future_is_refused_and_does_not_hide_those_that_follow() -> None:
    c = chooser()
    c.step(FrameArrived(1, at(0) + 10**15), at(0))
    a = part(1, due_ms=100)
    c.step(a, at(50))
    assert c.step(frame(2, 100), at(130)) == [Chosen(a, 2, at(100) + LATENCY, at(100), 0)]


def test_a_frame_that_was_refused_lies_outside_what_may_still_be_chosen() -> None:
    c = chooser()
    c.step(frame(1, 0), at(30))
    c.step(frame(2, 0), at(63))  # the driver's stamp stands still
    assert (c.oldest_number, c.newest_number) == (1, 1)
