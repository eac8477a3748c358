"""Each picture is compared with its own label, and parts score by their worst view."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingStoppedError
from edge_inspector.training.datasets.labelled_picture import CLEAN, LabelledSet, Somewhere
from edge_inspector.training.defect_set import DefectSet, ViewFit, defect_set
from edge_inspector.training.evaluate import ExportedEngine
from edge_inspector.training.judging import contrast_of, judge_set, pool
from edge_inspector.training.station_scores import REGION_STARTS
from tests.training.labelled import HEIGHT_PX, WIDTH_PX, labelled_set, square, write_mask


class SquareEngine:
    """Finds bright squares: its probability is the grey level."""

    def probability(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        return pictures[..., 0].astype(np.float32) / np.float32(255)


ENGINE = cast(ExportedEngine, SquareEngine())


@pytest.fixture
def labelled(tmp_path: Path) -> LabelledSet:
    """A part with one defective view, a good part, and one that shows the defect nobody knows where."""
    labels = {
        "p1-c1": {"spot": write_mask(tmp_path / "p1.png", square(10, 10))},
        "p1-c2": {"spot": CLEAN},
        "p2-c1": {"spot": CLEAN},
        "p3-c1": {"spot": Somewhere()},
    }
    drawn = labelled_set(tmp_path, labels)
    paint(drawn, 0, square(10, 14))  # found four columns beside its label
    paint(drawn, 2, square(30, 30, 4))  # a false one
    return drawn


def paint(drawn: LabelledSet, number: int, mask: NDArray[np.uint8]) -> None:
    picture = np.full((HEIGHT_PX, WIDTH_PX, 3), 50, np.uint8)
    picture[mask > 0] = 250
    assert cv2.imwrite(str(drawn.pictures[number].picture), picture)


@pytest.fixture
def spots(labelled: LabelledSet) -> DefectSet:
    return defect_set(labelled, "spot")


def test_a_picture_is_compared_with_its_own_label(spots: DefectSet) -> None:
    defective, clean, false, placeless = judge_set(spots, ENGINE, 9).pictures
    assert defective.comparison is not None
    assert defective.comparison.overlap.iou == pytest.approx(32 / 96)
    assert (defective.comparison.regions.labelled, defective.comparison.regions.hit) == (1, 1)
    assert [each.precision for each in defective.comparison.within] == [0.5, 0.75, 1.0]
    assert clean.comparison is not None
    assert clean.comparison.overlap.found == 0
    assert false.comparison is not None
    assert false.comparison.regions.false == 1
    assert placeless.comparison is None


def test_a_mask_holds_what_has_the_probability_that_was_chosen_and_scores_do_not_depend_on_it(spots: DefectSet) -> None:
    usual, low = judge_set(spots, ENGINE, 9), judge_set(spots, ENGINE, 9, mask_cut=0.05)
    for one, other in zip(usual.pictures, low.pictures, strict=True):
        assert (one.score, one.station_scores) == (other.score, other.station_scores)
    found = [c.overlap.found for c in low.comparisons()]
    assert all(more >= c.overlap.found for more, c in zip(found, usual.comparisons(), strict=True))
    assert sum(found) > sum(c.overlap.found for c in usual.comparisons())


def test_a_part_scores_the_largest_of_its_views_and_is_defective_by_any(spots: DefectSet) -> None:
    judged = judge_set(spots, ENGINE, 9)
    parts = judged.parts()
    assert parts.defective.keys() == {"p1", "p3"}
    assert parts.good.keys() == {"p2"}
    assert parts.defective["p1"] == max(judged.pictures[0].score, judged.pictures[1].score)
    evaluation = judged.evaluation()
    assert evaluation.parts == {t_low: judged.at(t_low).parts() for t_low in REGION_STARTS}
    assert evaluation.parts[0.25].good.keys() == {"p2"}
    assert evaluation.dice == {"p1": [pytest.approx(0.5)]}
    assert evaluation.dice_count == 1


def test_where_a_picture_is_to_be_ignored_nothing_counts(labelled: LabelledSet, tmp_path: Path) -> None:
    write_mask(tmp_path / "ignore.png", square(0, 0, 40))
    pictures = tuple(replace(each, ignore=tmp_path / "ignore.png") for each in labelled.pictures[:3])
    judged = judge_set(defect_set(replace(labelled, pictures=pictures), "spot"), ENGINE, 9)
    assert all(each.comparison is not None and each.comparison.overlap.found == 0 for each in judged.pictures)
    assert judged.parts().defective == {}
    assert len(np.concatenate(judged.sampled_p)) == 3 * (HEIGHT_PX * WIDTH_PX - 1600)


def test_what_a_padded_view_mirrors_is_not_judged(tmp_path: Path) -> None:
    edge = square(20, WIDTH_PX - 9, 9)  # the view mirrors all of it but the last column
    drawn = labelled_set(tmp_path, {"p1-c1": {"spot": write_mask(tmp_path / "p1.png", edge)}})
    paint(drawn, 0, edge)
    view = ViewFit("pad", WIDTH_PX + 30, HEIGHT_PX + 10)
    judged = judge_set(defect_set(drawn, "spot", view), ENGINE, 9 * 18)
    (each,) = judged.pictures
    assert each.comparison is not None
    assert (each.comparison.overlap.labelled, each.comparison.overlap.pixels) == (81, HEIGHT_PX * WIDTH_PX)
    assert each.score == pytest.approx(0.6, abs=0.05)  # half of the area asked for: a mirror image is no second defect


def test_each_picture_can_be_taken_for_a_part(spots: DefectSet) -> None:
    judged = judge_set(spots, ENGINE, 9)
    pictures = judged.of_pictures()
    assert {Path(name).stem for name in pictures.defective} == {"p1-c1", "p3-c1"}
    assert {Path(name).stem for name in pictures.good} == {"p1-c2", "p2-c1"}
    assert list(pictures.defective.values()) == [judged.pictures[0].score, judged.pictures[3].score]


def test_what_several_networks_judged_is_pooled_and_counts_as_if_one_had_judged_it(spots: DefectSet) -> None:
    whole = judge_set(spots, ENGINE, 9)
    pooled = pool([judge_set(spots.of_parts(parts), ENGINE, 9) for parts in (["p1"], ["p2", "p3"])])
    assert pooled.defect == whole.defect
    assert pooled.parts() == whole.parts()
    assert [c.overlap for c in pooled.comparisons()] == [c.overlap for c in whole.comparisons()]
    assert pooled.pixels.average_precision() == whole.pixels.average_precision()
    assert pooled.pixels.area_under_per_region_overlap() == whole.pixels.area_under_per_region_overlap()
    assert len(np.concatenate(pooled.sampled_p)) == len(np.concatenate(whole.sampled_p))


def test_a_part_that_two_networks_judged_is_not_pooled(spots: DefectSet) -> None:
    judged = judge_set(spots, ENGINE, 9)
    with pytest.raises(ValueError, match="judged twice"):
        pool([judged, judge_set(spots.of_parts(["p2"]), ENGINE, 9)])


def test_a_map_that_is_no_number_is_refused_and_its_picture_named(spots: DefectSet) -> None:
    class Broken(SquareEngine):
        def probability(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
            return np.full(pictures.shape[:3], np.nan, np.float32)

    with pytest.raises(TrainingStoppedError, match=r"p1-c1\.png: the engine's map holds values that are no numbers"):
        judge_set(spots, cast(ExportedEngine, Broken()), 9)


def test_contrast_is_the_share_of_light_that_a_defect_takes_from_what_is_round_it() -> None:
    picture = np.full((40, 40, 3), 100, np.uint8)
    mask = np.zeros((40, 40), bool)
    mask[10:20, 10:20] = True
    picture[mask] = 70
    assert contrast_of(picture, mask) == pytest.approx(0.3)
    picture[mask] = 120
    assert contrast_of(picture, mask) == pytest.approx(-0.2)
    picture[30:] = 0  # far away
    assert contrast_of(picture, mask) == pytest.approx(-0.2)
    assert math.isnan(contrast_of(picture, np.zeros((40, 40), bool)))
    assert math.isnan(contrast_of(picture, np.ones((40, 40), bool)))
