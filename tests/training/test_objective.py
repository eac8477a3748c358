"""The loss is the mix that was asked for, each output by itself, and silent where nothing is known."""

from __future__ import annotations

import pytest
import torch

from edge_inspector.training.batches import Batch
from edge_inspector.training.losses import (
    dice_loss,
    focal_loss,
    lovasz_hinge,
    mined_cross_entropy,
    picture_cross_entropy,
    prior_shift,
    weighted_cross_entropy,
)
from edge_inspector.training.models.segmentation_model import Logits
from edge_inspector.training.objective import LossMix, Objective


@pytest.fixture
def batch() -> Batch:
    drawn = torch.Generator().manual_seed(2)
    masks = (torch.rand((4, 2, 6, 7), generator=drawn) < 0.3).float()
    judged = (torch.rand((4, 2, 6, 7), generator=drawn) < 0.8).float()
    return Batch(torch.zeros((4, 6, 7, 3), dtype=torch.uint8), masks * judged, judged, torch.full((4, 2), float("nan")))


@pytest.fixture
def logits() -> torch.Tensor:
    return torch.randn((4, 2, 6, 7), generator=torch.Generator().manual_seed(9))


PIXELS = {
    "weighted": lambda z, y, judged: weighted_cross_entropy(z, y, 0.9, judged),
    "focal": focal_loss,
    "mined": mined_cross_entropy,
}
OVERLAPS = {
    "dice": dice_loss,
    "pooled_dice": lambda z, y, judged: dice_loss(z, y, judged, pooled=True),
    "lovasz": lovasz_hinge,
}


@pytest.mark.parametrize("pixels", PIXELS)
@pytest.mark.parametrize("overlap", OVERLAPS)
def test_each_mix_is_its_two_losses_and_the_overlap_sees_the_prior_undone(
    batch: Batch, logits: torch.Tensor, pixels: str, overlap: str
) -> None:
    mix = LossMix(pixels=pixels, overlap=overlap, overlap_weight=0.3)  # type: ignore[arg-type]
    wanted = 0.0
    for output in range(2):
        z, y, judged = (each[:, output : output + 1] for each in (logits, batch.masks, batch.judged))
        wanted += float(PIXELS[pixels](z, y, judged) + 0.3 * OVERLAPS[overlap](z - prior_shift(0.9), y, judged)) / 2
    assert float(Objective(mix)(Logits(logits, None), batch, [0.9, 0.9])) == pytest.approx(wanted)


def test_each_batch_may_weigh_its_defect_pixels_by_its_own_share_of_them(batch: Batch, logits: torch.Tensor) -> None:
    mix = LossMix(alpha="batch", overlap_weight=0.0)
    wanted = []
    for output in range(2):
        z, y, judged = (each[:, output : output + 1] for each in (logits, batch.masks, batch.judged))
        share = sum(y[judged > 0].tolist()) / int((judged > 0).sum())
        wanted.append((1.0 - share, float(weighted_cross_entropy(z, y, 1.0 - share, judged))))
    objective = Objective(mix)
    assert objective.weights_of(batch, [0.9, 0.9]) == pytest.approx([alpha for alpha, _ in wanted])
    loss = float(objective(Logits(logits, None), batch, [0.9, 0.9]))
    assert loss == pytest.approx(sum(each for _, each in wanted) / 2)


def test_an_output_of_which_nothing_is_known_learns_nothing(batch: Batch, logits: torch.Tensor) -> None:
    silent = batch.judged.clone()
    silent[:, 1] = 0.0
    logits.requires_grad_()
    known = Batch(batch.pictures, batch.masks * silent, silent, batch.shows)
    Objective(LossMix())(Logits(logits, None), known, [0.9, 0.9]).backward()
    assert logits.grad is not None
    assert float(logits.grad[:, 1].abs().max()) == 0.0
    assert float(logits.grad[:, 0].abs().max()) > 0.0


def test_a_picture_labelled_without_a_place_adds_its_own_term(batch: Batch, logits: torch.Tensor) -> None:
    shows = batch.shows.clone()
    shows[2, 0] = 1.0
    placeless = Batch(batch.pictures, batch.masks, batch.judged, shows)
    without = batch.judged.clone()
    without[2, 0] = 0.0
    others = Batch(batch.pictures, batch.masks * without, without, batch.shows)
    objective, alphas = Objective(LossMix(picture_weight=0.4)), [0.9, 0.8]
    where = batch.judged[2:3, :1]  # what lies beyond the picture can not be where it shows the defect
    term = 0.4 * picture_cross_entropy(logits[2:3, :1] - prior_shift(0.9), torch.ones(1), where) / 2
    added = objective(Logits(logits, None), placeless, alphas) - objective(Logits(logits, None), others, alphas)
    assert float(added) == pytest.approx(float(term), abs=1e-6)


def test_a_picture_without_a_place_of_which_nothing_is_to_be_judged_teaches_nothing(
    batch: Batch, logits: torch.Tensor
) -> None:
    shows = torch.full((4, 2), float("nan"))
    shows[2, 0] = 1.0
    judged = batch.judged.clone()
    judged[2, 0] = 0.0
    silent = Batch(batch.pictures, batch.masks * judged, judged, shows)
    known = Batch(batch.pictures, batch.masks * judged, judged, batch.shows)
    objective, alphas = Objective(LossMix()), [0.9, 0.8]
    assert float(objective(Logits(logits, None), silent, alphas)) == float(objective(Logits(logits, None), known, alphas))


def test_an_image_level_head_learns_whether_a_crop_shows_the_defect_and_nothing_of_unknown_ones() -> None:
    masks, judged = torch.zeros(4, 1, 6, 7), torch.ones(4, 1, 6, 7)
    masks[0, 0, 2, 3] = 0.6  # one pixel, more likely than not
    masks[1, 0, 2, 3] = 0.4
    judged[2:] = 0.0  # labelled without a place, and not at all
    shows = torch.tensor([[float("nan")], [float("nan")], [1.0], [float("nan")]])
    batch = Batch(torch.zeros((4, 6, 7, 3), dtype=torch.uint8), masks, judged, shows)
    pixels, picture = torch.zeros(4, 1, 6, 7), torch.tensor([[1.0], [-2.0], [0.5], [9.0]], requires_grad=True)
    objective, alphas = Objective(LossMix(picture_head_weight=0.3)), [0.5]
    added = objective(Logits(pixels, picture), batch, alphas) - objective(Logits(pixels, None), batch, alphas)
    right = torch.sigmoid(torch.tensor([1.0, 2.0, 0.5]))
    assert float(added.detach()) == pytest.approx(0.3 * float(-right.log().mean()), abs=1e-6)
    added.backward()
    assert picture.grad is not None
    assert picture.grad.sign().flatten().tolist() == [-1.0, 1.0, -1.0, 0.0]
