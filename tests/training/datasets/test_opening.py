"""A set opens quickly however many pictures it has: none is decoded before somebody wants to see it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_inspector.training.datasets.crackforest import read_crackforest
from edge_inspector.training.datasets.cvat import read_cvat
from edge_inspector.training.datasets.dagm import read_dagm
from edge_inspector.training.datasets.kolektor import read_kolektor
from edge_inspector.training.datasets.kolektor2 import read_kolektor2
from edge_inspector.training.datasets.labelled_picture import LabelledSet
from edge_inspector.training.datasets.magnetic_tile import read_magnetic_tile
from edge_inspector.training.datasets.neu_seg import read_neu_seg
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.datasets.severstal import read_severstal
from tests.training.datasets.lookalikes import (
    write_crackforest,
    write_dagm,
    write_grey,
    write_kolektor,
    write_kolektor2,
    write_magnetic_tile,
    write_neu_seg,
    write_severstal,
)


def write_plain(folder: Path) -> None:
    for name in ("images/p1-a.png", "images/p1-b.png", "masks/p1-a.png"):
        write_grey(folder / name, np.zeros((4, 5), np.uint8))


def write_cvat(folder: Path) -> None:
    write_grey(folder / "images" / "a.png", np.zeros((4, 5), np.uint8))
    mask = '<mask label="crack" rle="0, 2" left="1" top="1" width="2" height="1"/>'
    text = f'<annotations><image name="a.png" width="5" height="4">{mask}</image></annotations>'
    (folder / "annotations.xml").write_text(text)


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (write_kolektor, read_kolektor),
        (write_kolektor2, lambda folder: read_kolektor2(folder, "test")),
        (write_dagm, lambda folder: read_dagm(folder / "Class2" / "Train")),
        (write_severstal, lambda folder: read_severstal(folder / "train.csv", folder / "train_images")),
        (write_magnetic_tile, read_magnetic_tile),
        (write_crackforest, read_crackforest),
        (write_neu_seg, read_neu_seg),
        (write_plain, read_plain),
        (write_cvat, lambda folder: read_cvat(folder / "annotations.xml")),
    ],
)
def test_a_set_opens_even_if_no_picture_of_it_can_be_decoded(
    tmp_path: Path, write: Callable[[Path], object], read: Callable[[Path], LabelledSet]
) -> None:
    write(tmp_path)
    sound = read(tmp_path)
    for each in sound.pictures:
        each.picture.write_bytes(str(each.picture).encode())
    assert read(tmp_path) == sound
