from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_inspector.domain.health import WorkerState
from edge_inspector.domain.view import MissingReason
from edge_inspector.imaging.decode import decode_jpeg
from edge_inspector.station.station import PlainFolder, ReplayFaults
from tests.capture.pictures import HEIGHT, PART, WIDTH, jpeg
from tests.workers.capture_rig import LATENCY_MS, MS, SEEN_WIDTH, CaptureRig, frame_stamp_ns, write_recording

GOOD, EMPTY, HALF, DAMAGED, FROZEN, SHARED_A, SHARED_B, LATE, FOREIGN, LAST = range(1, 11)
FRAMES = {
    GOOD: 10,
    EMPTY: 13,
    HALF: 16,
    DAMAGED: 19,
    FROZEN: 22,
    SHARED_A: 25,
    SHARED_B: 25,
    LATE: 28,
    FOREIGN: 31,
    LAST: 34,
}
PICTURES: dict[int, bytes | str] = {
    10: jpeg(PART, seed=10),
    16: jpeg((60, 12, 90, 40), seed=16),
    19: jpeg(PART, seed=19)[:-3000],
    21: jpeg(PART, seed=21),
    22: "21.jpg",
    25: jpeg(PART, seed=25),
    28: jpeg(PART, seed=28),
    31: jpeg(PART, seed=31),
    34: jpeg(PART, seed=34),
}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / "bars"
    write_recording(path, PICTURES, count=45)
    return path


@pytest.fixture(scope="module")
def played(recording: Path) -> Iterator[CaptureRig]:
    """One worker that has seen a recording with a part of each kind."""
    rig = CaptureRig(recording)
    try:
        rig.begin()
        for seq, frame in FRAMES.items():
            off_ms = -4.0 if seq == SHARED_B else 2.0
            verdict_by_ms = -200.0 if seq == LATE else 20_000.0
            digest = "cd" * 32 if seq == FOREIGN else "ab" * 32
            rig.announce(seq, frame, off_ms=off_ms, verdict_by_ms=verdict_by_ms, digest=digest)
        rig.announce(GOOD, FRAMES[GOOD])  # said twice: answered once
        rig.wait_until(lambda: rig.answered(list(FRAMES)) and LAST in rig.pictures and len(rig.reasons(SHARED_A)) > 0)
        rig.wait_until(lambda: rig.beat is not None and rig.beat.facts["ended"] is True)
        yield rig
    finally:
        rig.close()


def test_a_good_part_has_one_view_with_the_pixels_of_its_frame(played: CaptureRig) -> None:
    seen = played.views[GOOD]
    pixels = np.frombuffer(seen.pixels, np.uint8).reshape(seen.view.height_px, seen.view.width_px, 3)
    assert (seen.view.height_px, seen.view.width_px) == (HEIGHT, WIDTH)
    assert (seen.view.seen_height_px, seen.view.seen_width_px) == (HEIGHT, SEEN_WIDTH)
    assert np.array_equal(pixels[:, :SEEN_WIDTH], decode_jpeg(PICTURES[10])[:, :SEEN_WIDTH])  # type: ignore[arg-type]
    assert played.reasons(GOOD) == []


def test_a_view_says_where_its_part_is(played: CaptureRig) -> None:
    outline = played.views[GOOD].view.outline
    assert outline is not None
    assert (outline.start_px, outline.end_px) == (pytest.approx(59.5, abs=0.3), pytest.approx(259.5, abs=0.3))
    assert set(map(round, outline.upper_px)) <= {11, 12}
    assert set(map(round, outline.lower_px)) <= {51, 52}


def test_a_view_says_which_frame_it_is_and_how_far_off(played: CaptureRig) -> None:
    view = played.views[GOOD].view
    assert view.stamp_ns == played.t0_ns + frame_stamp_ns(10)
    assert view.frame_ns == view.stamp_ns - LATENCY_MS * MS
    assert view.skew_ms == pytest.approx(-2.0)
    assert view.stamp_ns <= view.chosen_ns <= view.sent_ns <= view.verdict_by_ns


@pytest.mark.parametrize(
    ("seq", "reason"),
    [
        (EMPTY, MissingReason.EMPTY),
        (HALF, MissingReason.HALF_PART),
        (DAMAGED, MissingReason.DAMAGED),
        (FROZEN, MissingReason.STALE),
        (LATE, MissingReason.LATE),
        (FOREIGN, MissingReason.NOT_SENT),
    ],
)
def test_a_part_without_a_good_view_is_missing_with_its_reason(played: CaptureRig, seq: int, reason: MissingReason) -> None:
    assert played.reasons(seq) == [reason]
    assert seq not in played.views


def test_two_parts_that_share_a_frame_are_both_missing(played: CaptureRig) -> None:
    assert played.reasons(SHARED_A) == [MissingReason.FRAME_SHARED]
    assert played.reasons(SHARED_B) == [MissingReason.FRAME_SHARED]


def test_the_cameras_own_picture_is_evidence_for_each_part_with_a_frame_damaged_ones_too(played: CaptureRig) -> None:
    assert played.pictures[GOOD] == PICTURES[10]
    assert played.pictures[DAMAGED] == PICTURES[19]
    assert set(played.pictures) >= {GOOD, EMPTY, HALF, DAMAGED, FROZEN, LAST}


def test_the_worker_was_ready_from_its_first_frames_to_the_end(played: CaptureRig) -> None:
    assert played.states == [WorkerState.STARTING, WorkerState.READY]
    assert played.beat is not None
    assert played.beat.worker == "capture-c1"
    assert played.beat.done_count >= len(FRAMES)


def test_a_stalled_camera_is_not_ready_and_its_parts_are_missing_until_frames_come_back(recording: Path) -> None:
    rig = CaptureRig(recording, faults=ReplayFaults(stall_from_ms=100.0, stall_for_ms=1150.0))
    try:
        rig.begin()
        rig.wait_until(lambda: rig.states[-1] is WorkerState.NOT_READY)
        rig.announce(1, frame=30)
        rig.wait_until(lambda: rig.answered([1]))
        assert rig.reasons(1) == [MissingReason.CAMERA_LOST]
        rig.wait_until(lambda: rig.states[-1] is WorkerState.READY)
        rig.announce(2, frame=44, off_ms=-2.0)
        rig.wait_until(lambda: rig.answered([2]))
        assert rig.reasons(2) == [MissingReason.EMPTY]
    finally:
        rig.close()


def test_a_view_that_inference_does_not_take_is_said_to_be_missing(recording: Path) -> None:
    rig = CaptureRig(recording, has_inference=False)
    try:
        rig.begin()
        rig.announce(1, frame=10)
        rig.wait_until(lambda: rig.answered([1]))
        assert rig.reasons(1) == [MissingReason.NOT_SENT]
        assert rig.stop() == 0
    finally:
        rig.close()


def test_a_plain_folder_of_pictures_is_seen_part_by_part(tmp_path: Path) -> None:
    for i in range(2):
        (tmp_path / f"part-{i}.jpg").write_bytes(jpeg(PART, seed=i))
    rig = CaptureRig(tmp_path, plain=PlainFolder(lead_in_ms=300.0, spacing_ms=500.0, length_mm=40.0))
    try:
        rig.begin()
        rig.announce_due(1, 400 * MS)
        rig.announce_due(2, 650 * MS)  # nothing is on the belt here, and no other part's picture is shown for it
        rig.announce_due(3, 900 * MS)
        rig.wait_until(lambda: rig.answered([1, 2, 3]))
        rig.wait_until(lambda: len(rig.pictures) == 2)
        assert {seq: rig.pictures[seq] for seq in rig.views} == {1: jpeg(PART, seed=0), 3: jpeg(PART, seed=1)}
        assert rig.reasons(2) == [MissingReason.NO_FRAME]
    finally:
        rig.close()
