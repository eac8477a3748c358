"""A plain folder of pictures is played with made-up times."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from edge_inspector.domain.errors import RecordingError
from edge_inspector.recordings import PartKind, PlainFolderTiming, RecordedTruth, load_recording
from edge_inspector.recordings.plain_folder import find_cameras

TIMING = PlainFolderTiming(
    lead_in_ms=100, spacing_ms=200, length_mm=60, period_ms=40, latency_ms=5, offset_ms={"c1": 20}, default_offset_ms=30
)


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x")


def test_each_picture_is_stamped_offset_and_latency_after_its_trigger(tmp_path: Path) -> None:
    touch(tmp_path / "c1", "b.jpg", "a.jpg")
    touch(tmp_path / "c2", "a.png", "b.png")
    recording = load_recording(tmp_path, None, TIMING)
    assert [(trigger.part, trigger.t_ns) for trigger in recording.triggers] == [("a", 100_000_000), ("b", 300_000_000)]
    for camera, offset_ms in (("c1", 20), ("c2", 30)):
        stamps = {frame.path.stem: frame.stamp_ns for frame in recording.cameras[camera].frames}
        assert stamps["b"] == (300 + offset_ms + 5) * 1_000_000


def test_what_parts_really_are_may_stand_beside_the_pictures(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "truth.csv").write_text("part,kind,defects\na,good,\nb,defective,scratch\n", encoding="utf-8")
    recording = load_recording(tmp_path, None, TIMING)
    assert recording.truth == {
        "a": RecordedTruth(PartKind.GOOD),
        "b": RecordedTruth(PartKind.DEFECTIVE, "scratch"),
    }
    (tmp_path / "truth.csv").write_text("part,kind,defects\na,good,\n", encoding="utf-8")
    with pytest.raises(RecordingError, match=r"truth\.csv: says nothing of part 'b'"):
        load_recording(tmp_path, None, TIMING)


def test_cameras_agree_on_the_order_of_parts_whatever_their_files_end_in(tmp_path: Path) -> None:
    touch(tmp_path / "c1", "p.png", "p.1.png", "p-2.png")
    touch(tmp_path / "c2", "p.png", "p.1.jpg", "p-2.jpg")
    recording = load_recording(tmp_path, None, TIMING)
    parts = [trigger.part for trigger in recording.triggers]
    assert parts == ["p", "p-2", "p.1"]
    for camera in ("c1", "c2"):
        assert list(dict.fromkeys(frame.path.stem for frame in recording.cameras[camera].frames)) == parts


def test_without_an_empty_belt_nothing_stands_between_parts(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg")
    names = [frame.path.stem for frame in load_recording(tmp_path, None, TIMING).cameras["c1"].frames]
    assert names == ["a", "a", "a", "a", "b"]  # 120 ms hold three lead-in frames of 40 ms


def test_the_empty_belt_fills_all_time_but_the_parts(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg", "empty.jpg")
    frames = load_recording(tmp_path, None, TIMING).cameras["c1"].frames
    assert [frame.path.stem for frame in frames[:9]] == ["empty"] * 3 + ["a"] + ["empty"] * 4 + ["b"]
    assert all(b.stamp_ns > a.stamp_ns for a, b in itertools.pairwise(frames))


def test_a_flat_folder_takes_the_name_of_the_only_camera(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    assert list(load_recording(tmp_path, ["top"], TIMING).cameras) == ["top"]


def test_a_flat_folder_can_not_be_two_cameras(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    with pytest.raises(RecordingError, match="is a flat folder of pictures, which is one camera, but 2 are wanted"):
        load_recording(tmp_path, ["c1", "c2"], TIMING)


def test_cameras_with_different_numbers_of_pictures_are_refused(tmp_path: Path) -> None:
    touch(tmp_path / "c1", "a.jpg", "b.jpg")
    touch(tmp_path / "c2", "a.jpg")
    with pytest.raises(RecordingError, match=r"c2: has 1 pictures but .*c1 has 2; give every camera one picture a part"):
        load_recording(tmp_path, None, TIMING)


def test_a_folder_without_timing_or_session_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"has no session\.yaml"):
        load_recording(tmp_path, None)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="holds no pictures and no folders"):
        load_recording(tmp_path, None, TIMING)


def test_cameras_are_the_folders_that_hold_pictures(tmp_path: Path) -> None:
    touch(tmp_path / "top", "1.jpg")
    touch(tmp_path / "side", "1.PNG")
    touch(tmp_path / "notes", "read.me")
    touch(tmp_path / ".hidden", "1.jpg")

    assert find_cameras(tmp_path) == ["side", "top"]


def test_a_flat_folder_is_one_camera_whatever_folders_lie_beside_its_pictures(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg")
    touch(tmp_path / "top", "1.jpg")

    assert find_cameras(tmp_path) == ["c1"]
