"""No part is in two sets, both kinds are in each, and the same names are dealt the same way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_inspector.training.plain_folder import PlainFolder, open_plain_folder
from edge_inspector.training.split import split_folder


@pytest.fixture
def folder(tmp_path: Path) -> PlainFolder:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for part in range(40):
        for view in range(2):
            mask = np.zeros((32, 32), np.uint8)
            mask[:4, :4] = 255 * (part < 20 and view == 1)
            for name in ("images", "masks"):
                cv2.imwrite(str(tmp_path / name / f"p{part}-c{view}.png"), mask)
    return open_plain_folder(tmp_path)


def test_every_part_is_in_one_set_with_all_its_views(folder: PlainFolder) -> None:
    split = split_folder(folder, 0.2)
    training, validation, test = (set(each.parts()) for each in (split.training, split.validation, split.test))
    assert training | validation | test == set(folder.parts())
    assert len(training) + len(validation) + len(test) == 40
    assert (len(validation), len(test)) == (8, 8)
    assert all(len(views) == 2 for each in (split.training, split.validation, split.test) for views in each.parts().values())


def test_validation_and_test_have_their_share_of_both_kinds(folder: PlainFolder) -> None:
    split = split_folder(folder, 0.2)
    assert sum(split.validation.defective) == sum(split.test.defective) == 4


def test_the_split_does_not_depend_on_the_order_of_the_pictures(folder: PlainFolder) -> None:
    reversed_folder = replace(folder, samples=folder.samples[::-1], defective=folder.defective[::-1])
    first, second = split_folder(folder, 0.2), split_folder(reversed_folder, 0.2)
    assert set(first.validation.parts()) == set(second.validation.parts())


def test_the_first_pictures_of_a_set_are_of_both_kinds(folder: PlainFolder) -> None:
    assert set(split_folder(folder, 0.2).training.defective[:12]) == {True, False}
