"""NEU-Seg: a look-alike, the real pictures where they are at hand, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.index_file import read_rows
from edge_inspector.training.datasets.labelled_picture import MaskFile, read_mask
from edge_inspector.training.datasets.neu_seg import DEFECTS, read_neu_seg
from tests.training.datasets.lookalikes import assert_same, write_grey, write_neu_seg
from tests.training.real_data import real_data


def test_a_look_alike_is_read_as_it_was_drawn_and_every_picture_is_a_part(tmp_path: Path) -> None:
    truth = write_neu_seg(tmp_path)
    found = read_neu_seg(tmp_path)
    assert_same(found, truth)
    assert [each.part for each in found.pictures] == ["000001", "000002", "000003_test", "000004"]


def test_a_grey_level_that_means_no_class_is_refused_when_it_is_read(tmp_path: Path) -> None:
    write_neu_seg(tmp_path)
    write_grey(tmp_path / "annotations" / "000002.png", np.full((40, 40), 255, np.uint8))
    label = read_neu_seg(tmp_path).pictures[1].labels["patches"]
    assert isinstance(label, MaskFile)
    with pytest.raises(TrainingDataError, match=r"000002\.png: holds the grey level 255, allowed are 0, 1, 2, 3"):
        read_mask(label, 40, 40)


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("annotations/000002.png", r"000002\.jpg: has no mask in annotations; restore it"),
        ("images/000002.jpg", r"000002\.png: has no picture in images; restore it"),
    ],
)
def test_half_a_pair_is_refused(tmp_path: Path, missing: str, said: str) -> None:
    write_neu_seg(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(TrainingDataError, match=said):
        read_neu_seg(tmp_path)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="images: holds no picture"):
        read_neu_seg(tmp_path)


def test_the_real_set_has_the_areas_of_its_index() -> None:
    folder = real_data("neu_seg")
    found = read_neu_seg(folder)
    columns = [f"{defect}_pixels" for defect in DEFECTS]
    rows = {folder / row.texts["path"]: row for row in read_rows(folder, ["path", *columns])}
    assert len(found.pictures) == len(rows) == 112
    areas: dict[str, list[int]] = {defect: [] for defect in DEFECTS}
    for each in found.pictures:
        for defect, label in each.labels.items():
            assert isinstance(label, MaskFile)
            area = int(read_mask(label, 200, 200).sum())
            assert area == rows[each.picture].count(f"{defect}_pixels")
            areas[defect] += [area] if area else []
    assert {defect: (len(found), min(found), max(found)) for defect, found in areas.items()} == {
        "inclusion": (46, 42, 9935),
        "patches": (46, 1094, 24237),
        "scratches": (46, 358, 6478),
    }
