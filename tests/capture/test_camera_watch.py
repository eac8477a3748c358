from __future__ import annotations

from edge_inspector.capture.camera_watch import CameraWatch
from edge_inspector.domain.health import WorkerState

MS = 1_000_000


def proven(*, longest_gap_ns: int = 33 * MS) -> CameraWatch:
    watch = CameraWatch(longest_gap_ns, started_ns=0)
    for i in range(3):
        watch.frame_arrived(33 * MS * i)
        watch.frame_proven(None)
    return watch


def test_three_good_frames_prove_a_camera() -> None:
    watch = CameraWatch(33 * MS, started_ns=0)
    for good in range(3):
        assert watch.state(0) == (WorkerState.STARTING, f"{good} of 3 good frames so far")
        watch.frame_proven(None)
    assert watch.state(0) == (WorkerState.READY, "")
    assert not watch.needs_proof


def test_a_bad_frame_starts_the_proof_anew_and_is_named() -> None:
    watch = CameraWatch(33 * MS, started_ns=0)
    watch.frame_proven(None)
    watch.frame_proven(None)
    watch.frame_proven("the picture is too small")
    assert watch.state(0) == (WorkerState.STARTING, "0 of 3 good frames so far; last fault: the picture is too small")


def test_a_second_of_silence_is_a_lost_camera_said_once() -> None:
    watch = proven()
    assert watch.tick(1066 * MS) is None
    lost = watch.tick(1067 * MS)
    assert lost == "camera lost: no frame for 1.0 s; check its cable, port and power"
    assert watch.tick(1068 * MS) is None
    assert watch.state(2066 * MS) == (
        WorkerState.NOT_READY,
        "camera lost: no frame for 2.0 s; check its cable, port and power",
    )


def test_a_camera_that_comes_back_must_prove_itself_again() -> None:
    watch = proven()
    watch.tick(2000 * MS)
    watch.frame_arrived(2100 * MS)
    assert watch.needs_proof
    assert watch.state(2100 * MS) == (WorkerState.NOT_READY, "0 of 3 good frames so far")
    for _ in range(3):
        watch.frame_proven(None)
    assert watch.state(2100 * MS)[0] is WorkerState.READY
    assert watch.tick(3101 * MS) is not None


def test_a_camera_silent_from_its_start_is_lost_but_still_starting() -> None:
    watch = CameraWatch(33 * MS, started_ns=0)
    assert watch.tick(1001 * MS) is not None
    assert watch.state(1001 * MS)[0] is WorkerState.STARTING


def test_a_stream_with_long_gaps_is_given_three_of_them() -> None:
    watch = proven(longest_gap_ns=600 * MS)
    assert watch.tick(1800 * MS) is None
    assert watch.tick(1867 * MS) is not None
