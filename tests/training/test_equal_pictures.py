"""Parts that hold the same picture are dealt together, so that nobody is measured on what was learned."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from edge_inspector.training.datasets.labelled_picture import CLEAN, LabelledSet
from edge_inspector.training.defect_set import DefectSet, defect_set
from edge_inspector.training.equal_pictures import DealtTogether, deal_together
from edge_inspector.training.split import Split
from tests.training.labelled import labelled_set, square, write_mask


def sets_of(labelled: LabelledSet) -> dict[str, DefectSet]:
    return {name: defect_set(labelled, name) for name in labelled.defects}


def drawn(tmp_path: Path, copies: dict[str, str]) -> LabelledSet:
    """Five parts, two defects; `copies`: pictures that are overwritten by others."""
    mask = write_mask(tmp_path / "m.png", square(4, 6))
    labels = {f"p{k}-c1": {"dent": mask if k % 2 else CLEAN, "pit": None if k == 1 else CLEAN} for k in range(5)}
    labelled = labelled_set(tmp_path, labels)
    for copy, original in copies.items():
        shutil.copyfile(tmp_path / "images" / f"{original}.png", tmp_path / "images" / f"{copy}.png")
    return labelled


def test_parts_without_a_picture_in_common_are_dealt_by_themselves(tmp_path: Path) -> None:
    labelled = drawn(tmp_path, {})
    together = deal_together(sets_of(labelled))
    assert together == DealtTogether({}, ())
    assert together.named(labelled, sets_of(labelled)) == (labelled, sets_of(labelled))


def test_a_copy_makes_two_parts_lie_on_one_side_of_every_split_and_is_told(tmp_path: Path) -> None:
    labelled = drawn(tmp_path, {"p3-c1": "p1-c1"})
    together = deal_together(sets_of(labelled))
    named, sets = together.named(labelled, sets_of(labelled))
    assert [each.part for each in named.pictures] == ["p0", "p1", "p2", "p1", "p4"]
    assert sets["dent"].parts() == {"p0": [0], "p1": [1, 3], "p2": [2], "p4": [4]}
    assert sets["pit"].parts() == {"p0": [0], "p2": [1], "p1": [2], "p4": [3]}  # of p1 nothing is known but by its copy
    images = tmp_path / "images"
    said = f"{images / 'p3-c1.png'}: equals {images / 'p1-c1.png'}, so that parts p1 and p3 are dealt together"
    assert together.oddities == (said,)


def test_dealt_parts_are_parts_of_their_own_again_for_all_that_counts_them(tmp_path: Path) -> None:
    """One black picture of a dead camera in several parts does not make them one: a miss of each would be hidden."""
    together = deal_together(sets_of(drawn(tmp_path, {"p3-c1": "p1-c1"})))
    split = together.apart(Split(("p4", "p1"), ("p2",), ("p0",)))
    assert split == Split(("p4", "p1", "p3"), ("p2",), ("p0",))


def test_a_copy_of_a_copy_brings_all_three_together(tmp_path: Path) -> None:
    labelled = drawn(tmp_path, {"p4-c1": "p2-c1"})
    third = replace(labelled.pictures[3], picture=tmp_path / "images" / "other.png", part="p4")
    shutil.copyfile(labelled.pictures[3].picture, third.picture)
    labelled = replace(labelled, pictures=(*labelled.pictures, third))
    assert deal_together(sets_of(labelled)).names == {"p2": "p2", "p3": "p2", "p4": "p2"}
