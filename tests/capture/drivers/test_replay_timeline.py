from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_inspector.capture.drivers.replay_faults import FaultPlan
from edge_inspector.capture.drivers.replay_timeline import BUFFERS, DueFrame, ReplayTimeline
from edge_inspector.station.station import ReplayFaults
from tests.capture.pictures import MS, recording

T0 = 50_000 * MS
STAMPS_MS = [40 + 33 * i for i in range(60)]  # 2 s; the lead-in is the first second


def timeline(
    *, loop_ms: float | None = None, faults: ReplayFaults | None = None, stamps_ms: Sequence[float] = STAMPS_MS
) -> ReplayTimeline:
    made = recording(stamps_ms, loop_ms=loop_ms)
    return ReplayTimeline(made.cameras["c1"], made.duration_ns if made.loop else None, made.lead_in_ns, FaultPlan(faults))


def play(played: ReplayTimeline, from_ms: int, to_ms: int, step_ms: int = 5) -> list[DueFrame]:
    return [frame for ms in range(from_ms, to_ms, step_ms) for frame in played.take_due(T0 + ms * MS)]


def names(frames: Sequence[DueFrame]) -> list[int]:
    return [int(frame.path.stem) for frame in frames]


def test_before_the_recording_begins_its_first_second_is_cycled_one_frame_a_period_stamped_now() -> None:
    t = timeline()
    t.start(T0)
    frames = play(t, 0, 3000, step_ms=1)
    assert names(frames) == [i % 31 for i in range(90)]
    assert [frame.stamp_ns - T0 for frame in frames] == [33 * MS * (i + 1) for i in range(90)]
    assert not t.has_ended


def test_the_lead_in_goes_on_until_the_first_recorded_frame_is_due() -> None:
    t = timeline()
    t.start(T0 - 2000 * MS)
    t.begin_at(T0)
    before = play(t, -2000, 0)
    assert len(before) > 50
    assert names(play(t, 0, 100))[-2:] == [0, 1]


def test_recorded_frames_are_due_at_their_stamps_and_come_once() -> None:
    t = timeline()
    t.start(T0)
    t.begin_at(T0)
    frames = play(t, 0, 2000, step_ms=1)
    shown = [frame for frame in frames if frame.stamp_ns >= T0 + 40 * MS]
    assert [(int(f.path.stem), f.stamp_ns - T0) for f in shown] == [
        (i, ms * MS) for i, ms in enumerate(STAMPS_MS) if ms < 2000
    ]


def test_numbers_count_up_without_a_gap_from_lead_in_to_end() -> None:
    t = timeline()
    t.start(T0 - 500 * MS)
    frames = play(t, -500, 0)
    t.begin_at(T0)
    frames += play(t, 0, 3000)
    assert [frame.number for frame in frames] == list(range(len(frames)))
    assert len(frames) > 14 + 60 + 20


@given(st.integers(-500, 6000))
@settings(max_examples=50)
def test_a_restarted_worker_goes_on_with_the_frame_that_the_first_would_have_shown(restart_ms: int) -> None:
    first, second = timeline(loop_ms=2100), timeline(loop_ms=2100)
    for t, start_ms in ((first, -1000), (second, restart_ms)):
        t.start(T0 + start_ms * MS)
        t.begin_at(T0)
    before = play(first, -1000, restart_ms + 1, step_ms=1)
    after = [(f.path, f.stamp_ns) for f in play(first, restart_ms + 1, restart_ms + 800, step_ms=1) if f.stamp_ns >= T0]
    again = [(f.path, f.stamp_ns) for f in play(second, restart_ms + 1, restart_ms + 800, step_ms=1) if f.stamp_ns >= T0]
    recorded = T0 + STAMPS_MS[0] * MS
    assert [f for f in again if f[1] >= recorded] == [f for f in after if f[1] >= recorded]
    assert before == [] or again == [] or again[0][1] > before[-1].stamp_ns


def test_a_loop_starts_again_after_the_recordings_duration() -> None:
    t = timeline(loop_ms=2100)
    t.start(T0)
    t.begin_at(T0)
    frames = [f for f in play(t, 0, 4300, step_ms=1) if f.stamp_ns >= T0 + 40 * MS]
    assert names(frames) == [i % 60 for i in range(len(frames))]
    assert frames[60].stamp_ns == T0 + (2100 + 40) * MS
    assert not t.has_ended


def test_after_the_end_the_lead_in_keeps_the_camera_alive_and_the_end_is_said() -> None:
    t = timeline()
    t.start(T0)
    t.begin_at(T0)
    play(t, 0, 1980)
    assert not t.has_ended
    last, *after = play(t, 1985, 3000)
    assert t.has_ended
    assert last.path.stem == "59"
    assert len(after) == pytest.approx(1000 / 35, abs=2)
    assert set(names(after)) <= set(range(31))


def test_a_worker_started_after_the_end_shows_the_lead_in() -> None:
    t = timeline()
    t.start(T0 + 9000 * MS)
    t.begin_at(T0)
    assert len(play(t, 9000, 9400)) == 11


def test_after_a_pause_only_the_newest_frames_are_there() -> None:
    t = timeline()
    t.start(T0)
    t.begin_at(T0)
    play(t, 0, 100)
    frames = t.take_due(T0 + 900 * MS)
    assert names(frames) == list(range(27 - BUFFERS, 27))
    assert t.dropped_count == 25 - BUFFERS


def test_a_pause_of_days_in_a_loop_costs_nothing() -> None:
    t = timeline(loop_ms=2100)
    t.start(T0)
    t.begin_at(T0)
    assert len(t.take_due(T0 + 30 * 86_400_000 * MS)) == BUFFERS


def test_a_recording_that_begins_anew_is_played_from_its_new_start() -> None:
    t = timeline()
    t.start(T0)
    t.begin_at(T0 - 1_000_000 * MS)
    assert t.has_ended
    play(t, 0, 300)
    t.begin_at(None)
    play(t, 300, 600)
    t.begin_at(T0 + 1000 * MS)
    assert names([f for f in play(t, 600, 1200, step_ms=1) if f.stamp_ns >= T0 + 1040 * MS]) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("begins", [False, True])
def test_the_next_frame_is_there_when_it_was_said_to_be_due(begins: bool) -> None:
    t = timeline(faults=ReplayFaults(jitter_ms=10.0))
    t.start(T0)
    if begins:
        t.begin_at(T0)
    now_ns = T0
    for _ in range(100):
        due_ns = t.next_due_ns(now_ns)
        assert due_ns > now_ns
        assert t.take_due(due_ns - 1) == []
        assert len(t.take_due(due_ns)) == 1
        now_ns = due_ns


def recorded(faults: ReplayFaults, until_ms: int = 2000) -> list[DueFrame]:
    t = timeline(faults=faults)
    t.start(T0 + 20 * MS)
    t.begin_at(T0)
    return [f for f in play(t, 21, until_ms, step_ms=1) if f.number < len(STAMPS_MS)]  # what follows is the tail


def test_dropped_frames_leave_a_gap_in_the_numbers() -> None:
    frames = recorded(ReplayFaults(drop_share=0.3))
    numbers = [frame.number for frame in frames]
    assert 25 < len(frames) < 55
    assert names(frames) == numbers


def test_a_stale_frame_shows_the_picture_before_it_at_a_new_stamp() -> None:
    frames = recorded(ReplayFaults(stale_share=0.3))
    assert len(frames) == len(STAMPS_MS)
    shown = names(frames)
    stale = [i for i in range(1, 60) if shown[i] != i]
    assert 8 < len(stale) < 30
    assert all(shown[i] == shown[i - 1] for i in stale)


def test_a_damaged_frame_is_marked_to_be_cut() -> None:
    assert 8 < sum(frame.is_cut for frame in recorded(ReplayFaults(damage_share=0.3))) < 30


def test_jitter_makes_stamps_late_and_never_turns_them_back() -> None:
    frames = recorded(ReplayFaults(jitter_ms=80.0), until_ms=2200)
    late_ms = [(f.stamp_ns - T0) / MS - STAMPS_MS[int(f.path.stem)] for f in frames]
    assert min(late_ms) >= 0
    assert 40 < max(late_ms) <= 81
    stamps = [frame.stamp_ns for frame in frames]
    assert all(a < b for a, b in pairwise(stamps))


def test_a_stall_silences_its_window_only() -> None:
    frames = recorded(ReplayFaults(stall_from_ms=500.0, stall_for_ms=700.0))
    silent = [ms for ms in STAMPS_MS if 500 <= ms < 1200]
    assert names(frames) == [i for i, ms in enumerate(STAMPS_MS) if ms not in silent]


def test_the_same_seed_gives_the_same_faults_and_another_does_not() -> None:
    faults = ReplayFaults(seed=3, drop_share=0.5, jitter_ms=5.0)
    assert recorded(faults) == recorded(faults)
    assert names(recorded(faults)) != names(recorded(faults.model_copy(update={"seed": 4})))


def test_the_longest_gap_of_a_healthy_stream_is_known_loop_included() -> None:
    assert timeline(stamps_ms=[0, 33, 700, 733]).longest_gap_ns == 667 * MS
    assert timeline(stamps_ms=[500, 533], loop_ms=1533).longest_gap_ns == 1500 * MS
    assert timeline(stamps_ms=[500]).longest_gap_ns == 33 * MS
