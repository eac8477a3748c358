"""Parts that hold the same picture are one part, so that nobody is measured on what was learned."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from edge_inspector.training.datasets.labelled_picture import CLEAN, LabelledSet
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.equal_pictures import join_equal_pictures
from tests.training.labelled import labelled_set, square, write_mask


def joined(labelled: LabelledSet) -> tuple[LabelledSet, dict[str, DefectSet]]:
    return join_equal_pictures(labelled, {name: defect_set(labelled, name) for name in labelled.defects})


def drawn(tmp_path: Path, copies: dict[str, str]) -> LabelledSet:
    """Five parts, two defects; `copies`: pictures that are overwritten by others."""
    mask = write_mask(tmp_path / "m.png", square(4, 6))
    labels = {f"p{k}-c1": {"dent": mask if k % 2 else CLEAN, "pit": None if k == 1 else CLEAN} for k in range(5)}
    labelled = labelled_set(tmp_path, labels)
    for copy, original in copies.items():
        shutil.copyfile(tmp_path / "images" / f"{original}.png", tmp_path / "images" / f"{copy}.png")
    return labelled


def test_parts_without_a_picture_in_common_stay_as_they_are(tmp_path: Path) -> None:
    labelled = drawn(tmp_path, {})
    assert joined(labelled) == (labelled, {name: defect_set(labelled, name) for name in labelled.defects})


def test_a_copy_makes_two_parts_one_in_every_engines_set_and_is_told(tmp_path: Path) -> None:
    labelled, sets = joined(drawn(tmp_path, {"p3-c1": "p1-c1"}))
    assert [each.part for each in labelled.pictures] == ["p0", "p1", "p2", "p1", "p4"]
    assert sets["dent"].parts() == {"p0": [0], "p1": [1, 3], "p2": [2], "p4": [4]}
    assert sets["pit"].parts() == {"p0": [0], "p2": [1], "p1": [2], "p4": [3]}  # of p1 nothing is known but by its copy
    images = tmp_path / "images"
    assert labelled.oddities == (f"{images / 'p3-c1.png'}: equals {images / 'p1-c1.png'}, so that parts p1 and p3 are one",)


def test_a_copy_of_a_copy_joins_all_three(tmp_path: Path) -> None:
    labelled = drawn(tmp_path, {"p4-c1": "p2-c1"})
    second = replace(labelled.pictures[4], picture=tmp_path / "images" / "again.png")
    third = replace(labelled.pictures[3], picture=tmp_path / "images" / "other.png", part="p4")
    shutil.copyfile(labelled.pictures[2].picture, second.picture)
    shutil.copyfile(labelled.pictures[3].picture, third.picture)
    found, _ = joined(replace(labelled, pictures=(*labelled.pictures, second, third)))
    assert [each.part for each in found.pictures] == ["p0", "p1", "p2", "p2", "p2", "p2", "p2"]
