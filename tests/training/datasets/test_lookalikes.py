"""Look-alikes are the same at every run, and show what their masks say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.training.datasets.lookalikes import (
    Truth,
    write_crackforest,
    write_dagm,
    write_kolektor,
    write_kolektor2,
    write_magnetic_tile,
    write_neu_seg,
    write_severstal,
)


def all_of_kolektor2(folder: Path) -> Truth:
    return {picture: known for truth in write_kolektor2(folder).values() for picture, known in truth.items()}


def all_of_dagm(folder: Path) -> Truth:
    return {picture: known for truth in write_dagm(folder).values() for picture, known in truth.items()}


each_set = pytest.mark.parametrize(
    "write",
    [
        write_kolektor,
        all_of_kolektor2,
        all_of_dagm,
        write_severstal,
        write_magnetic_tile,
        write_crackforest,
        write_neu_seg,
    ],
)


@each_set
def test_a_look_alike_is_the_same_byte_for_byte_at_every_run(tmp_path: Path, write: Callable[[Path], Truth]) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write(first)
    write(second)
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    assert [name for name in files if (first / name).read_bytes() != (second / name).read_bytes()] == []


@each_set
def test_a_defect_is_where_its_picture_is_dark(tmp_path: Path, write: Callable[[Path], Truth]) -> None:
    defective = 0
    for picture, known in write(tmp_path).items():
        grey = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
        masks = [mask for mask in known.values() if isinstance(mask, np.ndarray)]
        shown = np.logical_or.reduce([np.zeros(grey.shape, bool), *masks])
        if shown.any():
            defective += 1
            assert grey[shown].mean() < grey[~shown].mean() - 15
    assert defective >= 3
