"""Crops change as told, masks go along, and what moves in from outside is not judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from edge_inspector.training.augmentation import Augmentation, Augmenter
from edge_inspector.training.batches import Batch

NOTHING = Augmentation(flip_sideways=False, flip_upright=False, light=0.0, colour=0.0, gamma=0.0)


@pytest.fixture
def batch() -> Batch:
    """Twelve crops of one grey with a bright square, which is the defect of the first of two outputs."""
    torch.manual_seed(3)
    pictures = torch.full((12, 40, 60, 3), 90, dtype=torch.uint8)
    masks = torch.zeros((12, 2, 40, 60))
    pictures[:, 5:15, 8:20] = 180
    masks[:, 0, 5:15, 8:20] = 1.0
    return Batch(pictures, masks, torch.ones_like(masks), torch.full((12, 2), float("nan")))


def bright(batch: Batch) -> torch.Tensor:
    return batch.pictures[..., 0] > 135


def test_without_any_change_a_batch_stays_as_it_is(batch: Batch) -> None:
    same = Augmenter(NOTHING)(batch)
    assert torch.equal(same.pictures, batch.pictures)
    assert torch.equal(same.masks, batch.masks)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [({"flip_sideways": True}, 2), ({"flip_upright": True}, 2), ({"flip_sideways": True, "flip_upright": True}, 4)],
)
def test_flips_take_the_masks_along(batch: Batch, change: dict[str, bool], kinds: int) -> None:
    flipped = Augmenter(replace(NOTHING, **change))(batch)
    assert torch.equal(bright(flipped), flipped.masks[:, 0] > 0.5)
    assert len({tuple(map(int, mask.nonzero()[0])) for mask in flipped.masks[:, 0]}) == kinds
    assert float(flipped.judged.min()) == 1.0


def test_turned_and_scaled_pictures_keep_their_defect_and_lose_no_judgement_but_at_the_edges(batch: Batch) -> None:
    moved = Augmenter(replace(NOTHING, turn_deg=20.0, scale=0.2))(batch)
    both = (bright(moved) & (moved.masks[:, 0] > 0.5)).sum((1, 2))
    either = (bright(moved) | (moved.masks[:, 0] > 0.5)).sum((1, 2))
    assert float((both / either).min()) > 0.75  # a rim of one pixel round 120 to 170
    assert 0.5 < float(moved.judged.mean()) < 1.0
    outside = moved.pictures[..., 0] < 40  # what was moved in is black, and less than half of a rim pixel was there
    assert float(moved.judged[:, 0][outside].max()) == 0.0
    assert len({float(mask.sum()) for mask in moved.masks[:, 0]}) > 3


@pytest.mark.parametrize("change", [{"light": 0.3}, {"colour": 0.3}, {"gamma": 0.3}, {"blur_px": 1.0}, {"jpeg_quality": 40}])
def test_moods_change_pictures_each_by_itself_and_no_mask(batch: Batch, change: dict[str, float]) -> None:
    changed = Augmenter(replace(NOTHING, **change))(batch)
    assert torch.equal(changed.masks, batch.masks)
    assert changed.pictures.dtype == torch.uint8
    distance = (changed.pictures.float() - batch.pictures.float()).abs().flatten(1).amax(1)
    assert len(set(distance.tolist())) > 3
    assert float(distance.max()) > 2


def test_a_defect_of_which_nobody_said_where_is_never_moved_out_of_its_crop(batch: Batch) -> None:
    pictures = torch.full((12, 40, 60, 3), 90, dtype=torch.uint8)
    pictures[:, :5, :5] = 180  # in a corner: half of the crops would lose it
    shows = torch.full((12, 2), torch.nan)
    shows[7, 0] = 1.0
    torch.manual_seed(3)
    somewhere = replace(batch, pictures=pictures, masks=torch.zeros_like(batch.masks), shows=shows)
    moved = Augmenter(replace(NOTHING, turn_deg=45.0, scale=0.3, flip_sideways=True, flip_upright=True))(somewhere)
    assert bright(moved).sum((1, 2)).tolist() == [25] * 12  # the others stay as sharp as the one
    assert float(moved.judged.min()) == 1.0
    assert len({tuple(map(int, each.nonzero()[0])) for each in bright(moved)}) == 4  # flips move it, within its crop


def widths_px(blur_px: float) -> torch.Tensor:
    """How wide the edge between black and white becomes in each of 200 crops: its standard deviation."""
    pictures = torch.zeros((200, 16, 80, 3), dtype=torch.uint8)
    pictures[:, :, 40:] = 255
    nowhere = torch.zeros((200, 1, 16, 80))
    edges = Batch(pictures, nowhere, torch.ones_like(nowhere), torch.full((200, 1), torch.nan))
    torch.manual_seed(3)
    blurred = Augmenter(replace(NOTHING, blur_px=blur_px))(edges).pictures[:, 0, :, 0].double() / 255.0
    share = blurred.diff(dim=1)  # (n, 79) of the edge, at each place
    place = torch.arange(79.0, dtype=torch.float64)
    middle = (share * place).sum(1, keepdim=True)
    return (share * (place - middle) ** 2).sum(1).clamp_min(0.0).sqrt()


@pytest.mark.parametrize("blur_px", [1.0, 2.5, 5.0])
def test_pictures_are_blurred_by_up_to_as_much_as_was_said(blur_px: float) -> None:
    widths = widths_px(blur_px)
    assert 0.85 * blur_px < float(widths.max()) <= blur_px  # a little is lost beyond two sigma
    assert 60 < int((widths == 0.0).sum()) < 140  # half of the crops


def test_a_blur_that_is_hardly_one_changes_nothing() -> None:
    assert float(widths_px(0.05).max()) == 0.0


@pytest.mark.parametrize(
    ("change", "is_alike"),
    [
        ({"flip_sideways": True, "flip_upright": True}, True),
        ({"turn_deg": 20.0, "scale": 0.2}, True),
        ({"light": 0.3}, True),
        ({"gamma": 0.3}, True),
        ({"blur_px": 1.0}, True),
        ({"colour": 0.3}, False),
    ],
)
@pytest.mark.parametrize("bands", [2, 5])
def test_bands_change_alike_but_for_their_colour(batch: Batch, bands: int, change: dict[str, float], is_alike: bool) -> None:
    equal = replace(batch, pictures=batch.pictures[..., :1].repeat(1, 1, 1, bands))
    changed = Augmenter(replace(NOTHING, **change))(equal).pictures
    assert not torch.equal(changed, equal.pictures)
    assert changed.shape == equal.pictures.shape
    for band in range(1, bands):
        assert torch.equal(changed[..., band], changed[..., 0]) is is_alike


def test_the_same_state_of_chance_changes_the_same_way(batch: Batch) -> None:
    augmenter = Augmenter(Augmentation(turn_deg=5.0, blur_px=0.7, jpeg_quality=60))
    torch.manual_seed(7)
    first = augmenter(batch)
    torch.manual_seed(7)
    assert torch.equal(first.pictures, augmenter(batch).pictures)
    assert not torch.equal(first.pictures, augmenter(batch).pictures)
