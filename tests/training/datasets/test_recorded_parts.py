"""Recorded parts become a set: pictures as the station cut them or as cameras gave them, and guesses only when asked."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.domain.records import MissingViewRecord, RegionRecord, VerdictRecord
from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.imaging.decode import decode_jpeg
from edge_inspector.imaging.overlay import encode_jpeg
from edge_inspector.imaging.view_cut import cut_view
from edge_inspector.records.cameras_note import FILE_NAME, encode_cameras
from edge_inspector.records.indexer import Indexer
from edge_inspector.records.part_filter import EVERY_PART, PartFilter
from edge_inspector.station.station import Camera, Orientation, Roi
from edge_inspector.training.datasets.labelled_picture import MaskFile, read_mask
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.datasets.recorded_parts import LeftOut, PartsOrder, PartsSet, write_recorded_parts
from tests.records import history as made
from tests.records.history import History
from tests.records.rod_part import (
    CAMERA,
    CAMERAS,
    HEIGHT,
    RECIPE,
    WIDTH,
    patch_mask,
    place_of,
    verdict,
    write_part,
)

SEEING = tuple(name for index, name in enumerate(CAMERAS) if patch_mask(place_of(index)).any())


def write(state_dir: Path, out: Path, *, wanted: PartFilter = EVERY_PART, **more: bool) -> PartsSet:
    return write_recorded_parts(PartsOrder(state_dir, wanted, out, **more))


def picture_of(out: Path, stem: str) -> Path:
    (path,) = (out / "images").glob(f"{stem}.*")
    return path


def set_camera(folder: Path, camera: Camera) -> None:
    (folder / FILE_NAME).write_bytes(encode_cameras(dict.fromkeys(CAMERAS, camera)))


def with_missing(reason: str) -> VerdictRecord:
    return msgspec.structs.replace(verdict(), missing=(MissingViewRecord("c2", reason, "why"),))


def test_a_view_that_is_the_whole_frame_keeps_the_cameras_bytes(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    done = write(tmp_path, tmp_path / "out")
    assert (done.parts, done.pictures, done.left_out, done.guesses) == (1, 6, (), {})
    for camera in CAMERAS:
        assert picture_of(tmp_path / "out", f"1-1-{camera}").read_bytes() == (folder / f"{camera}.jpg").read_bytes()
    assert not (tmp_path / "out" / "masks").exists()
    assert not (tmp_path / "out" / "ignore").exists()


@pytest.mark.parametrize(
    "camera",
    [
        CAMERA.model_copy(update={"orientation": Orientation(mirror=True)}),
        CAMERA.model_copy(update={"fit": "resize", "roi": Roi(x_px=10, y_px=20, width_px=300, height_px=90)}),
        CAMERA.model_copy(update={"fit": "resize", "orientation": Orientation(rotate_deg=90)}),
    ],
)
def test_views_are_those_of_the_station_pixel_for_pixel(tmp_path: Path, camera: Camera) -> None:
    folder = write_part(tmp_path)
    set_camera(folder, camera)
    write(tmp_path, tmp_path / "out")
    for name in CAMERAS:
        frame = decode_jpeg((folder / f"{name}.jpg").read_bytes(), from_camera=False)
        kept = decode_jpeg(picture_of(tmp_path / "out", f"1-1-{name}").read_bytes(), from_camera=False)
        assert np.array_equal(kept, cut_view(frame, camera, RECIPE.view).pixels)


def test_what_a_view_only_mirrors_is_not_to_be_judged(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    roi = Roi(x_px=0, y_px=0, width_px=WIDTH - 24, height_px=HEIGHT - 8)
    set_camera(folder, CAMERA.model_copy(update={"fit": "pad", "roi": roi}))
    write(tmp_path, tmp_path / "out", with_findings=True)
    ignored = cv2.imread(str(tmp_path / "out" / "ignore" / "1-1-c1.png"), cv2.IMREAD_UNCHANGED)
    assert ignored is not None
    assert set(np.unique(ignored)) == {0, 255}
    assert (ignored[:, -24:] == 255).all()
    assert (ignored[-8:] == 255).all()
    assert not ignored[:-8, :-24].any()


def test_frames_are_kept_byte_for_byte_and_also_those_that_made_no_view(tmp_path: Path) -> None:
    folder = write_part(tmp_path, with_missing("empty"))
    set_camera(folder, CAMERA.model_copy(update={"orientation": Orientation(mirror=True)}))
    done = write(tmp_path, tmp_path / "out", as_views=False)
    assert done.pictures == 6
    for camera in CAMERAS:
        assert picture_of(tmp_path / "out", f"1-1-{camera}").read_bytes() == (folder / f"{camera}.jpg").read_bytes()


@pytest.mark.parametrize(("reason", "is_left_out"), [("empty", True), ("two_parts", True), ("late", False)])
def test_what_was_no_view_to_the_station_is_none_here(tmp_path: Path, reason: str, is_left_out: bool) -> None:
    folder = write_part(tmp_path, with_missing(reason))
    done = write(tmp_path, tmp_path / "out")
    left_out = (LeftOut(f"no view to the station: {reason}", 1, f"{folder / 'c2.jpg'}: why"),)
    assert done.left_out == (left_out if is_left_out else ())
    assert done.pictures == 6 - is_left_out


def test_findings_become_masks_where_they_were_seen_and_nothing_becomes_clean(tmp_path: Path) -> None:
    write_part(tmp_path)
    done = write(tmp_path, tmp_path / "out", with_findings=True)
    found = read_plain(tmp_path / "out")
    assert done.guesses == {"crack": len(SEEING)}
    assert 0 < len(SEEING) < 6
    for picture in found.pictures:
        label = picture.labels["crack"]
        if picture.view in SEEING:
            assert isinstance(label, MaskFile)
            mask = read_mask(label, HEIGHT, WIDTH)
            assert np.array_equal(mask, patch_mask(place_of(CAMERAS.index(picture.view))))
        else:
            assert label is None


def test_guesses_are_told_as_such_when_the_set_is_read(tmp_path: Path) -> None:
    write_part(tmp_path)
    write(tmp_path, tmp_path / "out", with_findings=True)
    (oddity,) = read_plain(tmp_path / "out").oddities
    assert f"guesses.csv: {len(SEEING)} masks are an engine's guesses" in oddity


def test_marks_below_the_cut_or_of_a_few_pixels_are_no_guess(tmp_path: Path) -> None:
    plain = verdict()
    faint = RegionRecord(5, 5, 6, 6, bytes([100]) * 36)
    speck = RegionRecord(50, 5, 2, 4, bytes([250]) * 8)
    judged = tuple(msgspec.structs.replace(j, regions=(*j.regions, faint, speck)) for j in plain.judgements)
    write_part(tmp_path, msgspec.structs.replace(plain, judgements=judged))
    write(tmp_path, tmp_path / "out", with_findings=True)
    for name in SEEING:
        mask = cv2.imread(str(tmp_path / "out" / "masks" / "crack" / f"1-1-{name}.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(mask, np.where(patch_mask(place_of(CAMERAS.index(name))), 255, 0))


def test_findings_whose_record_is_lost_are_counted(tmp_path: Path) -> None:
    write_part(tmp_path)
    for segment in (tmp_path / "journal").iterdir():
        segment.unlink()
    done = write(tmp_path, tmp_path / "out", with_findings=True)
    assert (done.pictures, done.guesses, done.parts_without_findings) == (6, {}, 1)


def test_every_picture_says_what_the_records_say_of_it(tmp_path: Path) -> None:
    folder = write_part(tmp_path)
    write(tmp_path, tmp_path / "out")
    with (tmp_path / "out" / "origins.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["stem"] for row in rows] == [f"1-1-{camera}" for camera in CAMERAS]
    assert rows[0] == {
        "stem": "1-1-c1",
        "picture": str((folder / "c1.jpg").resolve()),
        "part": "1-1",
        "camera": "c1",
        "time_utc": made.UTC,
        "lot": "L-7",
        "verdict": "REJECT",
        "recipe": made.RECIPE,
    }


def write_parts(state_dir: Path, count: int) -> None:
    """Parts 1-1 to 1-COUNT, every second of which has one picture that is kept."""
    history = History(state_dir)
    history.write(made.run_started(), made.journal_started())
    history.write_parts(1, count)
    history.close()
    indexer = Indexer(state_dir)
    while indexer.turn().has_more:
        pass
    indexer.close()
    for seq in range(2, count + 1, 2):
        folder = state_dir / "pictures" / made.UTC[:10] / f"1-{seq}"
        folder.mkdir(parents=True)
        picture = np.full((HEIGHT, WIDTH, 3), 40 + seq, np.uint8)
        (folder / "cam-left.jpg").write_bytes(encode_jpeg(picture))
        (folder / FILE_NAME).write_bytes(encode_cameras({"cam-left": CAMERA}))
    copy = state_dir / "recipes" / made.RECIPE
    copy.mkdir(parents=True)
    (copy / "recipe.json").write_text(RECIPE.model_dump_json())


def test_parts_whose_pictures_are_gone_are_counted(tmp_path: Path) -> None:
    write_parts(tmp_path, 7)
    done = write(tmp_path, tmp_path / "out")
    assert (done.parts, done.pictures, done.parts_without_pictures) == (3, 3, 4)


def test_parts_are_chosen_as_they_are_listed(tmp_path: Path) -> None:
    write_parts(tmp_path, 8)
    rejected = PartFilter(verdicts=(VerdictKind.REJECT,))
    assert write(tmp_path, tmp_path / "rejected", wanted=rejected).parts == 1  # 1-1, 1-4 and 1-7 are
    assert (tmp_path / "rejected" / "images" / "1-4-cam_left.jpg").is_file()
    assert write(tmp_path, tmp_path / "last", wanted=PartFilter(last=2)).parts_without_pictures == 1


def test_a_camera_with_a_hyphen_still_is_a_view_of_its_part(tmp_path: Path) -> None:
    write_parts(tmp_path, 4)
    write(tmp_path, tmp_path / "out")
    (tmp_path / "out" / "placeless.csv").write_text("stem,defect\n1-2-cam_left,crack\n")
    assert [(each.part, each.view) for each in read_plain(tmp_path / "out").pictures] == [
        ("1-2", "cam_left"),
        ("1-4", "cam_left"),
    ]


def test_what_is_damaged_or_can_not_be_cut_any_more_is_left_out_and_said(tmp_path: Path) -> None:
    write_parts(tmp_path, 8)
    pictures = tmp_path / "pictures" / made.UTC[:10]
    (pictures / "1-2" / "cam-left.jpg").write_bytes(b"\xff\xd8 cut off")
    (pictures / "1-4" / FILE_NAME).unlink()
    (pictures / "1-6" / FILE_NAME).write_bytes(encode_cameras({"other": CAMERA}))
    done = write(tmp_path, tmp_path / "out")
    assert (done.parts, done.pictures) == (1, 1)
    assert {each.why: each.pictures for each in done.left_out} == {
        "nobody knows any more how views were cut": 2,
        "damaged, or of another size than the view needs": 1,
    }
    assert all(str(pictures) in each.example for each in done.left_out)
    frames = write(tmp_path, tmp_path / "frames", as_views=False)
    assert (frames.pictures, [each.why for each in frames.left_out]) == (3, ["damaged"])


def test_nothing_is_written_where_there_is_nothing_to_write(tmp_path: Path) -> None:
    write_parts(tmp_path, 4)
    with pytest.raises(ConfigurationError, match="no part with lot L-9"):
        write(tmp_path, tmp_path / "out", wanted=PartFilter(lots=("L-9",)))
    with pytest.raises(ConfigurationError, match="findings are places of views"):
        write(tmp_path, tmp_path / "out", as_views=False, with_findings=True)
    for folder in (tmp_path / "pictures" / made.UTC[:10]).iterdir():
        (folder / FILE_NAME).unlink()
    with pytest.raises(ConfigurationError, match=r"no picture can be used: .*cameras\.json: not there"):
        write(tmp_path, tmp_path / "out")
    shutil.rmtree(tmp_path / "pictures")
    with pytest.raises(ConfigurationError, match=r"none of the 4 parts has pictures that are kept; the station's `records`"):
        write(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
