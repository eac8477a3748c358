"""Magnetic tiles: no group on two sides, nothing clean that may show the defect, views as the station makes them."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.imaging.decode import decode_jpeg
from edge_inspector.imaging.view_cut import cut_view
from edge_inspector.recordings.plain_folder import PlainFolderTiming, load_plain_folder
from edge_inspector.station.recipe import ViewShape
from edge_inspector.station.station import Camera
from edge_inspector.training.magnetic_tile import (
    DEFECTS,
    VIEW_HEIGHT_PX,
    VIEW_WIDTH_PX,
    Tile,
    cut_tiles,
    good_groups,
    known_for,
    read_tiles,
    split_folds,
    tile_mask,
    views_for,
    write_parts,
)

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "magnetic_tile"
HEADER = ("path", "mask", "class", "number", "group", "exposure", "fold", "width", "height", "mask_pixels")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/magnetic_tile is not here")

HEIGHT_PX = 250
# name: class, group, fold, width, labelled pixels
PICTURES = {
    "a1": ("MT_Crack", "ga", 1, 150, 12),
    "a2": ("MT_Free", "ga", 1, 140, 0),  # the same tile: it may show the crack
    "a3": ("MT_Break", "ga", 1, 140, 30),
    "b1": ("MT_Free", "gb", 1, 400, 0),
    "c1": ("MT_Break", "gc", 2, 150, 40),
    "d1": ("MT_Crack", "gd", 3, 150, 20),
    "d2": ("MT_Free", "ge", 3, 150, 0),
    "f1": ("MT_Uneven", "gf", 4, 150, 1),  # an all but empty mask
    "f2": ("MT_Free", "gf", 4, 150, 0),
}


def write_tiles(folder: Path) -> None:
    """A set of the same form."""
    rng = np.random.default_rng(0)
    rows = []
    for name, (kind, group, fold, width, label_px) in PICTURES.items():
        (folder / kind / "Imgs").mkdir(parents=True, exist_ok=True)
        picture = rng.integers(60, 200, (HEIGHT_PX, width), dtype=np.uint8)
        mask = np.zeros_like(picture)
        mask[240, 10 : 10 + label_px] = 255
        mask[241, 10 : 10 + label_px] = 127  # the soft border, which does not count
        stem = f"{kind}/Imgs/{name}"
        cv2.imwrite(str(folder / f"{stem}.jpg"), picture)
        cv2.imwrite(str(folder / f"{stem}.png"), mask)
        rows.append((f"{stem}.jpg", f"{stem}.png", kind, name, group, 1, fold, width, HEIGHT_PX, label_px))
    with (folder / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_tiles(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def tiles(data: Path) -> list[Tile]:
    return read_tiles(data)


def names(tiles: list[Tile] | tuple[Tile, ...]) -> set[str]:
    return {tile.name for tile in tiles}


def replace_in_index(data: Path, old: str, new: str) -> None:
    index = data / "index.csv"
    text = index.read_text()
    assert old in text
    index.write_text(text.replace(old, new, 1))


def test_one_fold_is_held_back_the_last_other_chooses_cuts_and_the_rest_trains(tiles: list[Tile]) -> None:
    split = split_folds(tiles, held_back=4)
    assert [{tile.fold for tile in found} for found in (split.training, split.validation, split.held_back)] == [
        {1, 2},
        {3},
        {4},
    ]
    assert {tile.fold for tile in split_folds(tiles, held_back=1).validation} == {4}
    assert names(split.tiles) == set(PICTURES)


def test_a_fold_that_there_is_not_can_not_be_held_back(tiles: list[Tile]) -> None:
    with pytest.raises(TrainingDataError, match=r"fold 5 can not be held back: the set has the folds 1, 2, 3, 4"):
        split_folds(tiles, held_back=5)


def test_a_group_in_two_folds_is_refused(data: Path) -> None:
    replace_in_index(data, "gd,1,3", "gc,1,3")
    with pytest.raises(TrainingDataError, match=r"index\.csv: group gc is in the folds 2, 3"):
        read_tiles(data)


def test_a_tile_larger_than_the_view_is_refused_with_its_line(data: Path) -> None:
    replace_in_index(data, "gb,1,1,400,250", "gb,1,1,400,417")
    with pytest.raises(TrainingDataError, match=r"index\.csv:5: the picture is 400 x 417 px, more than the view, 640 x 416"):
        read_tiles(data)


def test_a_class_that_nobody_knows_is_refused_with_its_line(data: Path) -> None:
    replace_in_index(data, "MT_Free,a2", "MT_Rust,a2")
    with pytest.raises(TrainingDataError, match=r"index\.csv:3: the class is 'MT_Rust', allowed are MT_Blowhole, "):
        read_tiles(data)


def test_a_tile_labelled_at_another_exposure_is_not_taken_for_clean(tiles: list[Tile]) -> None:
    assert names(known_for("crack", tiles)) == {"a1", "b1", "c1", "d1", "d2", "f2"}
    assert names(known_for("break", tiles)) == {"a3", "b1", "c1", "d1", "d2", "f2"}


def test_a_label_without_pixels_is_left_out_but_still_speaks_for_its_tile(tiles: list[Tile]) -> None:
    assert names(known_for("uneven", tiles)) == set(PICTURES) - {"f1", "f2"}


def test_the_cut_is_chosen_between_the_defect_and_good_tiles_alone(tiles: list[Tile]) -> None:
    assert names(cut_tiles("crack", tiles)) == {"a1", "b1", "d1", "d2", "f2"}


def test_a_group_is_good_only_if_no_picture_of_it_has_a_defect(tiles: list[Tile]) -> None:
    assert good_groups(tiles) == {"gb", "ge"}


def test_views_are_padded_as_the_station_pads_them(tiles: list[Tile], tmp_path: Path) -> None:
    camera = Camera(driver="replay", latency_ms=30, offset_ms=500, fit="pad")
    for sample in views_for("crack", tiles).samples:
        origin = next(tile for tile in tiles if tile.name == sample.part)
        frame = decode_jpeg(origin.picture.read_bytes(), from_camera=False)
        seen = cut_view(frame, camera, ViewShape(height_px=VIEW_HEIGHT_PX, width_px=VIEW_WIDTH_PX)).pixels
        assert np.array_equal(sample.read()[0], seen)


def test_a_mask_is_cut_at_128_and_mirrored_with_its_picture(tiles: list[Tile], tmp_path: Path) -> None:
    folder = views_for("crack", tiles)
    mask = next(sample for sample in folder.samples if sample.part == "a1").read()[1]
    assert set(np.unique(mask)) == {0, 255}
    assert np.array_equal(np.argwhere(mask[:HEIGHT_PX, :150])[:, 0], [240] * 12)
    assert mask[2 * (HEIGHT_PX - 1) - 240, 10] == 255  # row 240 again, as far below the last row as it lies above
    assert mask[2 * (HEIGHT_PX - 1) - 241, 10] == 0


def test_only_the_defect_asked_for_is_in_the_masks(tiles: list[Tile], tmp_path: Path) -> None:
    folder = views_for("crack", tiles)
    defective = {sample.part for sample, is_defective in zip(folder.samples, folder.defective, strict=True) if is_defective}
    assert defective == {"a1", "d1"}
    assert len(folder.parts()) == len(PICTURES)


def test_an_engine_needs_tiles_with_and_without_its_defect(tiles: list[Tile], tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"9 tiles are known for fray, but tiles with it and tiles without"):
        views_for("fray", tiles)


def test_a_mask_of_another_size_than_its_picture_is_said(tiles: list[Tile], tmp_path: Path) -> None:
    cv2.imwrite(str(tiles[0].mask), np.zeros((HEIGHT_PX, 149), np.uint8))
    with pytest.raises(TrainingDataError, match=r"a1\.png: is 149 x 250 px, but its picture is 150 x 250 px"):
        views_for("crack", tiles)


def test_a_picture_that_is_cut_off_is_named(tiles: list[Tile]) -> None:
    tiles[0].picture.write_bytes(tiles[0].picture.read_bytes()[:-200])
    with pytest.raises(TrainingDataError, match=r"a1\.jpg: JPEG of \d+ bytes has no end marker"):
        views_for("crack", tiles)


def test_each_tile_is_a_part_of_one_camera_with_its_own_bytes(tiles: list[Tile], tmp_path: Path) -> None:
    truth = write_parts(tiles, tmp_path / "parts")
    assert {name for name, is_defective in truth.items() if is_defective} == {"a1", "a3", "c1", "d1", "f1"}
    recording = load_plain_folder(tmp_path / "parts", ["c1"], PlainFolderTiming())
    assert {trigger.part for trigger in recording.triggers} == set(PICTURES)
    for tile in tiles:
        assert (tmp_path / "parts" / f"{tile.name}.jpg").read_bytes() == tile.picture.read_bytes()


@needs_data
def test_the_real_set_leaves_out_five_labels_and_keeps_every_group_whole() -> None:
    tiles = read_tiles(DATA)
    assert len(tiles) == 586
    assert names([tile for tile in tiles if not tile.is_labelled]) == {
        "exp3_num_45042",
        "exp4_num_352527",
        "exp4_num_45057",
        "exp3_num_24829",
        "exp4_num_24843",
    }
    split = split_folds(tiles, held_back=4)
    groups = [{tile.group for tile in found} for found in (split.training, split.validation, split.held_back)]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]
    for defect in DEFECTS:
        for found in (split.training, split.validation, split.held_back):
            assert {bool(tile.defect) for tile in cut_tiles(defect, found)} == {False, True}


@needs_data
def test_the_labelled_pixels_of_the_real_set_are_those_of_its_index() -> None:
    for tile in read_tiles(DATA)[::20]:
        assert np.count_nonzero(tile_mask(tile.mask)) == tile.label_px
