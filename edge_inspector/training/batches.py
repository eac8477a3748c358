"""Draws what one training step learns from: crops, half of them or so with the defect somewhere inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.imaging.fit import fit
from edge_inspector.training.datasets.labelled_picture import Somewhere
from edge_inspector.training.defect_set import DefectSet, Picture, Sample, read_picture

EDGE_PX = 8  # so far inside a crop lies the pixel of a defect that it was drawn for, where the picture allows


@dataclass(frozen=True, slots=True, kw_only=True)
class CropPlan:
    """How large a crop is, how many make a batch, and what share of them is drawn around a defect.

    The others are drawn from clean pictures, or, where every picture shows the defect, from anywhere in one.
    """

    batch: int = 8
    height_px: int
    width_px: int
    defective_share: float = 0.5


@dataclass(frozen=True, slots=True)
class Batch:
    """Crops, n of them, for d outputs.

    `pictures` uint8 (n, h, w, c). `masks` float32 (n, d, h, w), 0..1. `judged` float32 (n, d, h, w): 0 where nothing is
    known of the defect, or is to be learned, and beyond a picture that is smaller than a crop. `shows` float32 (n, d): 1
    where a picture shows the defect and nobody said where, so that its mask says nothing; else NaN. `is_placed`: none does,
    so that `shows` need not be looked at, which a GPU's queue would be waited for.
    """

    pictures: Tensor
    masks: Tensor
    judged: Tensor
    shows: Tensor
    is_placed: bool = False

    def to(self, device: str) -> Batch:
        """The same on another device."""
        pictures, masks, judged, shows = (each.to(device) for each in (self.pictures, self.masks, self.judged, self.shows))
        return Batch(pictures, masks, judged, shows, self.is_placed)


class Batches:
    """Draws batches from sets of one defect each, an output a set; in turn each set's own defect is wanted.

    A crop teaches every output whose set knows the picture. Of a batch `defective_share` is wanted, rounded; where that is
    none, one, as often as that. Raises TrainingDataError if pictures are labelled without a place, and crops are smaller
    than they are: whether a crop shows the defect is then unknown.
    """

    def __init__(self, sets: Sequence[DefectSet], plan: CropPlan) -> None:
        self._sets = sets
        self._plan = plan
        self._known = [{sample.picture: sample for sample in each.samples} for each in sets]
        self._with_defect = [np.flatnonzero(each.defective) for each in sets]
        self._clean = [np.flatnonzero(~np.asarray(each.defective)) for each in sets]
        for each in sets:
            _refuse_placeless_crops(each, plan)

    def draw(self, rng: np.random.Generator) -> Batch:
        """Return the next batch; all chance is `rng`'s. Raises TrainingDataError naming a file that is damaged meanwhile."""
        exact = self._plan.batch * self._plan.defective_share
        wanted = round(exact) or int(rng.random() < exact)  # a batch too small for one has one now and then
        crops = [self._crop(k % len(self._sets), k < wanted, rng) for k in range(self._plan.batch)]
        pictures, masks, judged, shows = (torch.from_numpy(np.stack(arrays)) for arrays in zip(*crops, strict=True))
        return Batch(pictures, masks, judged, shows, is_placed=not shows.isfinite().any())

    def _crop(
        self, number: int, wants_defect: bool, rng: np.random.Generator
    ) -> tuple[Picture, NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        with_defect, clean = self._with_defect[number], self._clean[number]
        pool = with_defect if (wants_defect and len(with_defect)) or not len(clean) else clean
        chosen = self._sets[number].samples[int(rng.choice(pool))]
        picture = read_picture(chosen.picture)
        own = chosen.own_of(picture)
        rgb, is_judged = chosen.view_of(picture)[own], chosen.judged_of(picture)[own]
        known = [each.get(chosen.picture) for each in self._known]
        drawn = [None if sample is None or not sample.is_placed else sample.mask_of(picture)[own] for sample in known]
        wanted = drawn[number]
        is_defect = np.zeros_like(is_judged) if wanted is None else (wanted >= 128) & is_judged
        rows, columns = _area(is_defect, wants_defect, self._plan, rng)
        masks = np.zeros((len(self._sets), self._plan.height_px, self._plan.width_px), np.float32)
        judged = np.zeros_like(masks)
        shows = np.full(len(self._sets), np.nan, np.float32)
        here = slice(rows.stop - rows.start), slice(columns.stop - columns.start)  # of the crop: a picture may be smaller
        for output, (sample, mask) in enumerate(zip(known, drawn, strict=True)):
            if sample is None:
                continue
            judged[output][here] = is_judged[rows, columns]
            if mask is None:
                shows[output] = 1.0
                continue
            masks[output][here] = judged[output][here] * mask[rows, columns].astype(np.float32) / np.float32(255)
        return fit(rgb[rows, columns], "pad", self._plan.width_px, self._plan.height_px), masks, judged, shows


def _area(is_defect: NDArray[np.bool_], wants_defect: bool, plan: CropPlan, rng: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns that hold a random defect pixel somewhere inside, or lie anywhere if none is wanted or there."""
    height, width = min(plan.height_px, is_defect.shape[0]), min(plan.width_px, is_defect.shape[1])
    top = int(rng.integers(is_defect.shape[0] - height + 1))
    left = int(rng.integers(is_defect.shape[1] - width + 1))
    defect = np.flatnonzero(is_defect)
    if wants_defect and len(defect):
        y, x = divmod(int(rng.choice(defect)), is_defect.shape[1])
        top = int(np.clip(y - _inside(height, rng), 0, is_defect.shape[0] - height))
        left = int(np.clip(x - _inside(width, rng), 0, is_defect.shape[1] - width))
    return slice(top, top + height), slice(left, left + width)


def _inside(side: int, rng: np.random.Generator) -> int:
    edge = min(EDGE_PX, (side - 1) // 2)
    return int(rng.integers(edge, side - edge))


def _refuse_placeless_crops(each: DefectSet, plan: CropPlan) -> None:
    for sample in each.samples:
        if isinstance(sample.label, Somewhere) and not _is_covered(sample, plan):
            raise TrainingDataError(
                f"{sample.picture}: shows {each.defect}, and nobody said where; such pictures teach only as a whole: make "
                f"crops as large ({plan.width_px} x {plan.height_px} px now), draw its mask, or leave it out"
            )


def _is_covered(sample: Sample, plan: CropPlan) -> bool:
    """Whether a crop holds all of a picture; where its view says that, it is not read."""
    view = sample.view
    if view is not None and plan.height_px >= view.height_px and plan.width_px >= view.width_px:
        return True
    rows, columns = sample.own_of(read_picture(sample.picture))  # smaller than a view that pads it
    return bool(plan.height_px >= rows.stop and plan.width_px >= columns.stop)
