"""KolektorSDD: no item on two sides, two parts an item, and pictures that differ in bytes alone."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.imaging.decode import decode_jpeg
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.defect_set import defect_set
from edge_inspector.training.kolektor import (
    HEIGHT,
    WIDTH,
    Split,
    camera_of_defect,
    read_surfaces,
    reduced_jpeg,
    reduced_mask,
    split_surfaces,
    with_comment,
    write_parts,
    write_set,
)

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "kolektor_sdd"
CAMERAS = ("c1", "c2", "c3")
HEADER = ("path", "mask", "number", "item", "group", "defective", "duplicate_of")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/kolektor_sdd is not here")


def write_picture_set(folder: Path, items: int) -> None:
    """A set of the same form: `items` items of three good surfaces and one defective; the first has a copy elsewhere."""
    rng = np.random.default_rng(0)
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    rows = []
    for number in range(4 * items):
        item, is_defective = number // 4, number % 4 == 0
        picture = rng.integers(60, 200, (125, 50), dtype=np.uint8)
        mask = np.zeros_like(picture)
        mask[60:64, 20:] = 255 * is_defective
        cv2.imwrite(str(folder / "images" / f"{number:03d}.jpg"), picture)
        cv2.imwrite(str(folder / "masks" / f"{number:03d}.png"), mask)
        paths = (f"images/{number:03d}.jpg", f"masks/{number:03d}.png")
        rows.append((*paths, f"{number:03d}", item, f"i{item:02d}", int(is_defective), ""))
    rows.append((*rows[0][:2], "900", 99, "i00", 1, "000"))
    with (folder / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_picture_set(tmp_path / "data", items=4)
    return tmp_path / "data"


@pytest.fixture
def split(data: Path) -> Split:
    return split_surfaces(read_surfaces(data), held_back=2, validation=1)


def test_a_copy_under_another_number_is_left_out(data: Path) -> None:
    assert [surface.number for surface in read_surfaces(data)] == [f"{n:03d}" for n in range(16)]


def test_a_picture_that_is_named_and_missing_is_said(data: Path) -> None:
    (data / "images" / "007.jpg").unlink()
    with pytest.raises(TrainingDataError, match=r"index\.csv:9: .*images/007\.jpg is missing; restore it"):
        read_surfaces(data)


def test_a_folder_without_an_index_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"index\.csv: is missing; name the folder"):
        read_surfaces(tmp_path)


def test_an_index_that_lacks_a_column_is_said(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("path,mask,number\n")
    with pytest.raises(TrainingDataError, match=r"index\.csv:1: lacks the columns item, group, defective, duplicate_of"):
        read_surfaces(tmp_path)


def test_every_group_is_in_one_set_and_the_deal_repeats(data: Path, split: Split) -> None:
    sets = (split.training, split.validation, split.held_back)
    assert [len(groups) for groups in sets] == [1, 1, 2]
    assert sorted(name for groups in sets for name in groups) == ["i00", "i01", "i02", "i03"]
    assert (
        split_surfaces(reversed(read_surfaces(data)), held_back=2, validation=1).held_back.keys() == split.held_back.keys()
    )


def test_a_group_that_does_not_make_two_parts_trains(data: Path) -> None:
    surfaces = [surface for surface in read_surfaces(data) if surface.number != "001"]  # i00 has two good ones left
    assert list(split_surfaces(surfaces, held_back=2, validation=1).training) == ["i00"]


def test_more_items_than_there_are_can_not_be_held_back(data: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"4 items have 3 good .* 4 \+ 1 are wanted; hold fewer back"):
        split_surfaces(read_surfaces(data), held_back=4, validation=1)


def test_a_set_counts_good_surfaces_as_one_part_and_the_defective_one_apart(split: Split, tmp_path: Path) -> None:
    write_set(split.held_back, tmp_path / "set")
    folder = defect_set(read_plain(tmp_path / "set", "crack", is_complete=True), "crack")
    for group in split.held_back:
        assert [folder.defective[i] for i in folder.parts()[f"{group}-good"]] == [False] * 3
        assert [folder.defective[i] for i in folder.parts()[f"{group}-defective"]] == [True]
    rgb, mask = folder.samples[0].read()
    assert rgb.shape == (HEIGHT, WIDTH, 3)
    assert set(np.unique(mask)) <= {0, 255}


def test_a_reduced_mask_covers_the_same_share_of_the_picture(split: Split) -> None:
    defective = next(s for found in split.held_back.values() for s in found if s.is_defective)
    assert reduced_mask(defective.mask).astype(bool).mean() == pytest.approx(4 * 30 / (125 * 50), rel=0.05)


def test_each_item_is_a_good_part_and_one_with_its_defect_in_one_camera(split: Split, tmp_path: Path) -> None:
    truth = write_parts(split.held_back, tmp_path, CAMERAS)
    assert truth == {f"{group}-{kind}": kind == "defective" for group in split.held_back for kind in ("good", "defective")}
    for group, surfaces in split.held_back.items():
        defective = next(surface for surface in surfaces if surface.is_defective)
        differing = []
        for k, camera in enumerate(CAMERAS):
            good, other = (
                decode_jpeg((tmp_path / camera / f"{group}-{kind}.jpg").read_bytes()) for kind in ("good", "defective")
            )
            if not np.array_equal(good, other):
                differing.append(k)
                assert np.array_equal(other, decode_jpeg(reduced_jpeg(defective.picture)))
        assert differing == [camera_of_defect(group)]


def test_no_two_pictures_of_a_camera_have_the_same_bytes(split: Split, tmp_path: Path) -> None:
    write_parts(split.held_back, tmp_path, CAMERAS)
    for camera in CAMERAS:
        pictures = [path.read_bytes() for path in (tmp_path / camera).iterdir()]
        assert len(set(pictures)) == len(pictures) == 4


def test_a_comment_changes_bytes_and_no_pixel(split: Split) -> None:
    jpeg = reduced_jpeg(next(iter(split.held_back.values()))[0].picture)
    commented = with_comment(jpeg, "part i07-good")
    assert commented != jpeg
    assert np.array_equal(decode_jpeg(commented), decode_jpeg(jpeg))


@needs_data
def test_the_real_set_deals_single_items_only_and_trains_on_the_joint_block() -> None:
    split = split_surfaces(read_surfaces(DATA), held_back=15, validation=6)
    assert "i14-18" in split.training
    assert [len(found) for found in (*split.held_back.values(), *split.validation.values())] == [4] * 21
    numbers = [
        s.number for groups in (split.training, split.validation, split.held_back) for g in groups.values() for s in g
    ]
    assert len(numbers) == len(set(numbers)) == 154


def test_a_row_that_is_cut_off_is_said_with_its_line(data: Path) -> None:
    index = data / "index.csv"
    lines = index.read_text(encoding="utf-8").splitlines()
    index.write_text("\n".join([*lines[:4], lines[4].rpartition(",")[0]]), encoding="utf-8")
    with pytest.raises(TrainingDataError, match=r"index\.csv:5: has not as many fields as line 1"):
        read_surfaces(data)
