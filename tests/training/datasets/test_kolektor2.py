"""KolektorSDD2: both published sets of a look-alike, and what is odd or refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.kolektor2 import Published, read_kolektor2
from tests.training.datasets.lookalikes import assert_same, write_kolektor2


@pytest.mark.parametrize("published", ["train", "test"])
def test_each_published_set_is_read_as_it_was_drawn(tmp_path: Path, published: Published) -> None:
    truths = write_kolektor2(tmp_path)
    found = read_kolektor2(tmp_path, published)
    assert_same(found, truths[published])
    assert found.oddities == ()


def test_no_part_is_in_both_sets(tmp_path: Path) -> None:
    write_kolektor2(tmp_path)
    train, test = ({each.part for each in read_kolektor2(tmp_path, name).pictures} for name in ("train", "test"))
    assert train == {"train_10000", "train_10001", "train_10002", "train_10003"}
    assert test == {"test_20000", "test_20001", "test_20002"}


def test_both_sets_at_once_are_two_folds(tmp_path: Path) -> None:
    write_kolektor2(tmp_path)
    both = read_kolektor2(tmp_path, "both")
    assert both.pictures == read_kolektor2(tmp_path, "train").pictures + read_kolektor2(tmp_path, "test").pictures
    assert [each.fold for each in both.pictures] == ["train"] * 4 + ["test"] * 3


def test_a_file_of_another_name_is_left_out_and_told(tmp_path: Path) -> None:
    write_kolektor2(tmp_path)
    stray = tmp_path / "train" / "10001(1).png"
    shutil.copy(tmp_path / "train" / "10001.png", stray)
    found = read_kolektor2(tmp_path, "train")
    assert len(found.pictures) == 4
    assert found.oddities == (f"{stray}: is named neither NNNNN.png nor NNNNN_GT.png and left out",)


@pytest.mark.parametrize(
    ("missing", "said"),
    [("10001_GT.png", r"10001\.png: has no mask; restore it"), ("10001.png", r"10001_GT\.png: has no picture; restore it")],
)
def test_half_a_pair_is_refused(tmp_path: Path, missing: str, said: str) -> None:
    write_kolektor2(tmp_path)
    (tmp_path / "train" / missing).unlink()
    with pytest.raises(TrainingDataError, match=said):
        read_kolektor2(tmp_path, "train")


def test_a_set_that_was_not_published_and_a_folder_without_pictures_are_refused(tmp_path: Path) -> None:
    other: Any = "validation"
    with pytest.raises(TrainingDataError, match="has no set 'validation', allowed are train, test"):
        read_kolektor2(tmp_path, other)
    with pytest.raises(TrainingDataError, match=r"train: holds no picture NNNNN\.png"):
        read_kolektor2(tmp_path, "train")
