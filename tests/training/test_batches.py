"""Crops show what they were drawn for, teach only what is known, and are as large as was asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.batches import Batches, CropPlan
from edge_inspector.training.datasets.labelled_picture import CLEAN, LabelledPicture, LabelledSet, Somewhere
from edge_inspector.training.defect_set import ViewFit, defect_set
from tests.training.labelled import HEIGHT_PX, WIDTH_PX, labelled_set, square, write_mask

CROPS = CropPlan(height_px=24, width_px=32)


@pytest.fixture
def labelled(tmp_path: Path) -> LabelledSet:
    cracks = {f"p{k}-c1": write_mask(tmp_path / "masks" / f"{k}.png", square(3 + 4 * k, 50 - 5 * k)) for k in range(4)}
    return labelled_set(
        tmp_path,
        {
            **{name: {"crack": mask, "stain": None} for name, mask in cracks.items()},
            **{f"p{k}-c1": {"crack": CLEAN, "stain": CLEAN} for k in range(4, 9)},
            "p9-c1": {"crack": None, "stain": write_mask(tmp_path / "masks" / "9.png", square(0, 0))},
        },
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 0.75, 1.0])
def test_the_share_wanted_shows_the_defect(labelled: LabelledSet, share: float) -> None:
    plan = CropPlan(batch=8, height_px=24, width_px=32, defective_share=share)
    batches = Batches([defect_set(labelled, "crack")], plan)
    for seed in range(5):
        batch = batches.draw(np.random.default_rng(seed))
        assert batch.pictures.shape == (8, 24, 32, 3)
        assert batch.pictures.dtype == torch.uint8
        assert int((batch.masks.amax((1, 2, 3)) > 0).sum()) == round(8 * share)


@pytest.mark.parametrize(("batch", "share"), [(1, 0.5), (2, 0.2)])
def test_a_batch_too_small_for_a_defect_has_one_as_often_as_the_share_says(
    labelled: LabelledSet, batch: int, share: float
) -> None:
    batches = Batches(
        [defect_set(labelled, "crack")], CropPlan(batch=batch, height_px=24, width_px=32, defective_share=share)
    )
    rng = np.random.default_rng(1)
    shown = sum(float(batches.draw(rng).masks.amax((1, 2, 3)).sum()) for _ in range(200))
    assert abs(shown / 200 - batch * share) < 0.1  # three deviations


def test_the_same_chance_draws_the_same_crops_and_more_chance_others(labelled: LabelledSet) -> None:
    batches = Batches([defect_set(labelled, "crack")], CROPS)
    first, again = (batches.draw(np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(first.masks, again.masks)
    rng = np.random.default_rng(5)
    assert not torch.equal(batches.draw(rng).masks, batches.draw(rng).masks)


def test_a_crop_teaches_only_outputs_whose_set_knows_the_picture(labelled: LabelledSet) -> None:
    whole = CropPlan(batch=40, height_px=160, width_px=256)
    batches = Batches([defect_set(labelled, "crack"), defect_set(labelled, "stain")], whole)
    batch = batches.draw(np.random.default_rng(0))
    known = batch.judged.amax((2, 3))
    shown = batch.masks.amax((2, 3))
    assert {tuple(each) for each in known.tolist()} == {(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)}
    assert torch.equal(shown * known, shown)
    assert {tuple(each) for each in shown[known.prod(1) == 1].tolist()} == {(0.0, 0.0)}


def test_a_picture_smaller_than_a_crop_is_mirrored_and_not_judged_there(labelled: LabelledSet) -> None:
    batch = Batches([defect_set(labelled, "crack")], CropPlan(batch=4, height_px=80, width_px=220)).draw(
        np.random.default_rng(0)
    )
    assert batch.pictures.shape == (4, 80, 220, 3)
    assert float(batch.judged.sum()) == 4 * HEIGHT_PX * WIDTH_PX
    assert float(batch.judged[:, :, :HEIGHT_PX, :WIDTH_PX].min()) == 1.0
    assert int(batch.pictures.min()) > 0  # mirrored, not black


@pytest.mark.parametrize(("height_px", "width_px"), [(24, 32), (HEIGHT_PX + 20, 3 * WIDTH_PX)])
def test_nothing_is_learned_from_what_a_view_adds_beyond_its_picture(
    labelled: LabelledSet, height_px: int, width_px: int
) -> None:
    plan = CropPlan(batch=8, height_px=height_px, width_px=width_px)
    plain, padded = (
        Batches([defect_set(labelled, "crack", view)], plan).draw(np.random.default_rng(0))
        for view in (None, ViewFit("pad", 3 * WIDTH_PX, HEIGHT_PX + 20))
    )
    assert torch.equal(padded.masks, plain.masks)
    assert torch.equal(padded.judged, plain.judged)
    assert torch.equal(padded.pictures, plain.pictures)
    assert float(padded.judged.sum()) == 8 * min(height_px, HEIGHT_PX) * min(width_px, WIDTH_PX)


def test_nothing_is_judged_where_a_picture_is_to_be_ignored(labelled: LabelledSet, tmp_path: Path) -> None:
    write_mask(tmp_path / "ignore.png", square(0, 0, 40))
    pictures = tuple(
        LabelledPicture(each.picture, each.part, each.view, each.labels, each.source, tmp_path / "ignore.png")
        for each in labelled.pictures
    )
    whole = CropPlan(batch=6, height_px=HEIGHT_PX, width_px=WIDTH_PX)
    batch = Batches([defect_set(LabelledSet("drawn", ("crack",), pictures), "crack")], whole).draw(np.random.default_rng(0))
    ignored = torch.from_numpy(square(0, 0, 40) > 0)
    assert float(batch.judged[..., ignored].max()) == 0.0
    assert float(batch.judged[..., ~ignored].min()) == 1.0
    assert float(batch.masks[..., ignored].max()) == 0.0


def test_a_defect_without_a_place_is_told_of_the_picture_as_far_as_it_goes(tmp_path: Path) -> None:
    labelled = labelled_set(tmp_path, {"p1-c1": {"dent": Somewhere()}, "p2-c1": {"dent": CLEAN}})
    whole = CropPlan(batch=4, height_px=HEIGHT_PX, width_px=WIDTH_PX + 30)
    padded = defect_set(labelled, "dent", ViewFit("pad", WIDTH_PX + 30, HEIGHT_PX))
    batch = Batches([padded], whole).draw(np.random.default_rng(0))
    assert batch.shows[:2].tolist() == [[1.0], [1.0]]
    assert bool(batch.shows[2:].isnan().all())
    assert float(batch.judged[..., :WIDTH_PX].min()) == 1.0
    assert float(batch.judged[..., WIDTH_PX:].max()) == 0.0
    assert float(batch.masks.max()) == 0.0


def test_a_picture_without_a_place_whose_view_a_crop_holds_is_not_read_for_its_size(tmp_path: Path) -> None:
    labelled = labelled_set(tmp_path, {"p1-c1": {"dent": Somewhere()}, "p2-c1": {"dent": CLEAN}})
    seen = defect_set(labelled, "dent", ViewFit("exact", WIDTH_PX, HEIGHT_PX))
    for each in labelled.pictures:
        each.picture.unlink()
    batches = Batches([seen], CropPlan(height_px=HEIGHT_PX, width_px=WIDTH_PX))
    with pytest.raises(TrainingDataError, match="No such file"):
        batches.draw(np.random.default_rng(0))  # read now, and not before


def test_crops_of_pictures_labelled_without_a_place_are_refused(tmp_path: Path) -> None:
    labelled = labelled_set(tmp_path, {"p1-c1": {"dent": Somewhere()}, "p2-c1": {"dent": CLEAN}})
    with pytest.raises(TrainingDataError, match=r"p1-c1\.png: shows dent, and nobody said where.*\(32 x 24 px now\)"):
        Batches([defect_set(labelled, "dent")], CROPS)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_where_every_picture_shows_the_defect_the_other_crops_lie_anywhere(tmp_path: Path, share: float) -> None:
    labelled = labelled_set(tmp_path, {"p1-c1": {"dent": write_mask(tmp_path / "m.png", square(9, 9))}})
    plan = CropPlan(batch=80, height_px=24, width_px=32, defective_share=share)
    batch = Batches([defect_set(labelled, "dent")], plan).draw(np.random.default_rng(0))
    shown, wanted = batch.masks.amax((1, 2, 3)) > 0, round(80 * share)
    assert bool(shown[:wanted].all())
    assert int(shown[wanted:].sum()) <= 0.3 * (80 - wanted)  # a ninth of all places; the dent is in a corner


def test_where_no_picture_shows_the_defect_all_crops_are_clean(tmp_path: Path) -> None:
    batches = Batches([defect_set(labelled_set(tmp_path, {"p1-c1": {"dent": CLEAN}}), "dent")], CROPS)
    batch = batches.draw(np.random.default_rng(0))
    assert len(batch.masks) == 8
    assert float(batch.masks.max()) == 0.0


def test_a_picture_that_vanishes_meanwhile_is_named(labelled: LabelledSet) -> None:
    batches = Batches([defect_set(labelled, "crack")], CROPS)
    for each in labelled.pictures:
        each.picture.unlink()
    with pytest.raises(TrainingDataError, match=r"images/p\d-c1\.png: .*No such file"):
        batches.draw(np.random.default_rng(0))
