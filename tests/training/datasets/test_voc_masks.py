"""Masks whose colours are classes: what each pixel shows, and what is refused."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import CLEAN, ColourMask, LabelledSet, read_mask
from edge_inspector.training.datasets.voc_masks import read_colours, read_voc_masks
from edge_inspector.training.defect_set import defect_set

CLASSES = """# label:color_rgb:parts:actions
background:0,0,0::
Crack:250,50,83::

stain : 51, 221, 255 ::
"""
CRACK, STAIN = (250, 50, 83), (51, 221, 255)


def drawn() -> NDArray[np.uint8]:
    """Red, green, blue: a crack above, a stain below."""
    mask = np.zeros((12, 16, 3), np.uint8)
    mask[1:3, 2:14] = CRACK
    mask[8:11, 5:9] = STAIN
    return mask


def write(folder: Path, classes: str = CLASSES) -> Path:
    for name in ("JPEGImages", "SegmentationClass"):
        (folder / name).mkdir()
    for stem in ("a", "b"):
        cv2.imwrite(str(folder / "JPEGImages" / f"{stem}.jpg"), np.full((12, 16, 3), 90, np.uint8))
    cv2.imwrite(str(folder / "SegmentationClass" / "a.png"), drawn()[..., ::-1])
    (folder / "labelmap.txt").write_text(classes)
    return folder


def read(folder: Path, *, is_complete: bool = False) -> LabelledSet:
    places = (folder / name for name in ("SegmentationClass", "JPEGImages", "labelmap.txt"))
    return read_voc_masks(*places, is_complete=is_complete)


def test_each_colour_is_its_classs_pixels_and_the_rest_is_clean_of_it(tmp_path: Path) -> None:
    found = read(write(tmp_path))
    assert found.defects == ("crack", "stain")
    for defect, colour in (("crack", CRACK), ("stain", STAIN)):
        label = found.pictures[0].labels[defect]
        assert isinstance(label, ColourMask)
        assert np.array_equal(read_mask(label, 12, 16), (drawn() == colour).all(2))


def test_of_a_picture_without_a_mask_nothing_is_known_unless_the_set_is_complete(tmp_path: Path) -> None:
    found = read(write(tmp_path))
    assert found.pictures[1].labels == {"crack": None, "stain": None}
    said = "1 picture without a mask, of which nothing is known: b.jpg; say `complete` if they are clean"
    assert found.oddities == (f"{tmp_path / 'JPEGImages'}: {said}",)
    complete = read(tmp_path, is_complete=True)
    assert complete.pictures[1].labels == {"crack": CLEAN, "stain": CLEAN}
    assert complete.oddities == ()


def test_a_palette_is_read_as_its_colours(tmp_path: Path) -> None:
    write(tmp_path)
    index = np.zeros((12, 16), np.uint8)
    index[1:3, 2:14], index[8:11, 5:9] = 1, 2
    (tmp_path / "SegmentationClass" / "a.png").write_bytes(palette_png(index, [(0, 0, 0), CRACK, STAIN]))
    label = read(tmp_path).pictures[0].labels["stain"]
    assert isinstance(label, ColourMask)
    assert np.array_equal(read_mask(label, 12, 16), index == 2)


def palette_png(index: NDArray[np.uint8], colours: list[tuple[int, int, int]]) -> bytes:
    """A PNG of colour type 3, which OpenCV does not write."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width = index.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in index)
    palette = bytes(level for colour in colours for level in colour)
    body = chunk(b"IHDR", header) + chunk(b"PLTE", palette) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_two_defects_of_one_mask_file_are_two_sets(tmp_path: Path) -> None:
    found = read(write(tmp_path))
    crack, stain = (defect_set(found, defect) for defect in found.defects)
    assert (crack.samples[0].positive_px, stain.samples[0].positive_px) == (24, 12)
    assert crack.digest != stain.digest


def test_a_colour_that_is_no_classs_is_refused_when_the_mask_is_read(tmp_path: Path) -> None:
    write(tmp_path)
    mask = drawn()
    mask[0, 0] = (224, 224, 192)
    cv2.imwrite(str(tmp_path / "SegmentationClass" / "a.png"), mask[..., ::-1])
    with pytest.raises(
        TrainingDataError, match=r"a\.png: holds the colour 224,224,192, which is no class's; name its class"
    ):
        defect_set(read(tmp_path), "crack")


def test_a_mask_of_another_size_or_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    cv2.imwrite(str(tmp_path / "SegmentationClass" / "a.png"), np.zeros((6, 8, 3), np.uint8))
    with pytest.raises(TrainingDataError, match=r"a\.png: is 8 x 6 px, but its picture is 16 x 12 px; draw the mask again"):
        defect_set(read(tmp_path), "crack")
    (tmp_path / "SegmentationClass" / "a.png").write_text("no picture")
    with pytest.raises(TrainingDataError, match=r"a\.png: can not be read as a picture; export the mask again"):
        defect_set(read(tmp_path), "crack")


def test_a_mask_without_its_picture_is_told_and_pictures_of_one_stem_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "SegmentationClass" / "z.png").write_bytes((tmp_path / "SegmentationClass" / "a.png").read_bytes())
    lost = f"{tmp_path / 'SegmentationClass' / 'z.png'}: its picture is not in {tmp_path / 'JPEGImages'}; left out"
    assert read(tmp_path, is_complete=True).oddities == (lost,)
    (tmp_path / "JPEGImages" / "a.png").write_bytes((tmp_path / "JPEGImages" / "a.jpg").read_bytes())
    with pytest.raises(TrainingDataError, match=r"a\.png: has the same stem as a\.jpg; rename one with its mask"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("crack", r"labelmap\.txt:2: is 'crack', needed is NAME:RED,GREEN,BLUE, each from 0 to 255"),
        ("crack:250,50::", r"labelmap\.txt:2: is 'crack:250,50::', needed is NAME:RED,GREEN,BLUE"),
        ("crack:250,50,256::", r"labelmap\.txt:2: is 'crack:250,50,256::', needed"),
        (":250,50,83::", r"labelmap\.txt:2: is ':250,50,83::', needed"),
        ("crack:0,0,0::", r"labelmap\.txt:2: crack has the colour of background; no mask can tell them apart"),
        ("Background:1,1,1::", r"labelmap\.txt:2: names background a second time; remove one"),
    ],
)
def test_a_class_without_a_colour_of_its_own_is_refused_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "labelmap.txt").write_text(f"background:0,0,0::\n{line}\n")
    with pytest.raises(TrainingDataError, match=said):
        read_colours(tmp_path / "labelmap.txt")


def test_a_file_that_names_no_defect_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"labelmap\.txt: names no class but background; export the set again"):
        read(write(tmp_path, "background:0,0,0::\n"))
