"""A generated session is one that a station could have recorded."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_inspector.recordings import PartKind, Recording, load_recording
from edge_inspector.synthesis import DefectKind, write_session
from edge_inspector.synthesis.projection import HEIGHT, WIDTH
from edge_inspector.synthesis.session import MM_PER_PX, OFFSET_NS, PERIOD_NS, Contents

WRONG = (PartKind.EMPTY, PartKind.TWO, PartKind.HALF)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path = tmp_path_factory.mktemp("synthesis") / "session"
    contents = Contents(wrong_kinds=WRONG)
    write_session(path, 11, 7, 0.3, 0.43, cameras=("c1", "c2"), angles_deg=(0, 90), contents=contents)
    return load_recording(path, ["c1", "c2"])


def picture_of(recording: Recording, part: str, camera: str) -> NDArray[np.uint8]:
    """The frame nearest to the time at which the part is due."""
    due_ns = next(trigger.t_ns for trigger in recording.triggers if trigger.part == part) + OFFSET_NS
    track = recording.cameras[camera]
    frame = min(track.frames, key=lambda frame: abs(frame.stamp_ns - track.latency_ns - due_ns))
    assert abs(frame.stamp_ns - track.latency_ns - due_ns) <= PERIOD_NS // 2 + 1
    picture = cv2.imread(str(frame.path), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert picture.shape == (HEIGHT, WIDTH)
    return np.asarray(picture, np.uint8)


def parts_of(recording: Recording, kind: PartKind) -> list[str]:
    assert recording.truth is not None
    return [part for part, truth in recording.truth.items() if truth.kind is kind]


def test_the_shares_are_exact(recording: Recording) -> None:
    assert recording.truth is not None
    counts = Counter(truth.kind for truth in recording.truth.values())
    assert counts == {PartKind.GOOD: 2, PartKind.DEFECTIVE: 2, PartKind.EMPTY: 1, PartKind.TWO: 1, PartKind.HALF: 1}


@pytest.mark.parametrize("kind", [PartKind.GOOD, PartKind.DEFECTIVE])
def test_a_whole_part_is_whole_in_its_nearest_frame(recording: Recording, kind: PartKind) -> None:
    for part in parts_of(recording, kind):
        for camera in recording.cameras:
            columns = np.flatnonzero(picture_of(recording, part, camera)[112:144].mean(0) > 60)
            assert columns[0] > 1
            assert columns[-1] < WIDTH - 2
            assert columns[-1] - columns[0] + 1 == pytest.approx(59.7 / MM_PER_PX, rel=0.04)


def test_half_a_part_covers_less_than_two_thirds(recording: Recording) -> None:
    for camera in recording.cameras:
        picture = picture_of(recording, parts_of(recording, PartKind.HALF)[0], camera)
        assert 18 / MM_PER_PX < int((picture[112:144].mean(0) > 60).sum()) < 44 / MM_PER_PX


def test_an_empty_place_is_as_dark_as_the_belt(recording: Recording) -> None:
    for camera in recording.cameras:
        assert picture_of(recording, parts_of(recording, PartKind.EMPTY)[0], camera).mean() < 50


def test_a_part_comes_in_at_the_left_and_leaves_at_the_right(recording: Recording) -> None:
    part = parts_of(recording, PartKind.GOOD)[0]
    due_ns = next(trigger.t_ns for trigger in recording.triggers if trigger.part == part) + OFFSET_NS
    track = recording.cameras["c1"]
    middles = []
    for frame in track.frames:
        if abs(frame.stamp_ns - track.latency_ns - due_ns) < 300_000_000:
            picture = cv2.imread(str(frame.path), cv2.IMREAD_GRAYSCALE)
            assert picture is not None
            middles.append(float(np.flatnonzero(picture[112:144].mean(0) > 60).mean()))
    assert middles[0] < WIDTH / 4 < 3 * WIDTH / 4 < middles[-1]
    assert (np.diff(middles) > 0).all()


def test_defects_face_a_camera_where_that_is_asked_for(tmp_path: Path) -> None:
    contents = Contents((DefectKind.HOLE,), within_deg=20.0)
    write_session(tmp_path / "s", 4, 6, 1.0, 0.0, cameras=("c1",), angles_deg=(90.0,), contents=contents)
    truth = load_recording(tmp_path / "s", ["c1"]).truth
    assert truth is not None
    for part in truth.values():
        for words in part.defects.split("; "):
            assert words.startswith("hole ")
            assert 69 <= int(words.split(", ")[-1].split()[0]) <= 111


def test_neighbouring_frames_differ(recording: Recording) -> None:
    frames = recording.cameras["c1"].frames
    digests = [hashlib.sha256(frame.path.read_bytes()).digest() for frame in frames]
    assert all(a != b for a, b in itertools.pairwise(digests))


def test_cameras_run_from_before_the_first_part_until_after_the_last(recording: Recording) -> None:
    for track in recording.cameras.values():
        assert track.frames[0].stamp_ns < 70_000_000
        assert track.frames[-1].stamp_ns > recording.triggers[-1].t_ns + 2_900_000_000
        assert {b.stamp_ns - a.stamp_ns for a, b in itertools.pairwise(track.frames)} == {PERIOD_NS}


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("a", "b"):
        write_session(tmp_path / name, 3, 2, cameras=("c1",))
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in files])
    assert digests[0] == digests[1]
