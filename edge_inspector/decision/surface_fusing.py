"""Puts what one engine marked in several views together, cell by cell of a window (science.md §7.4).

Only cells that a view shows well count for it, and outside its regions it says `t_low`, not 0.

- `any`: each view is held against the cut by itself, its regions by their own score; what any view marks is marked.
- `max`: a cell's probability is the highest of the views that show it.
- `weighted`: it is their mean, weighted by the squared cosine of the incidence.

For the last two a region is what is connected above `t_low` on the map, and its score is that of science.md §6.4 on the map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from edge_inspector.decision.regions import cut_level, sum_of_largest
from edge_inspector.decision.ring_labels import label_on_ring, unrolled_rows
from edge_inspector.decision.surface_sampling import Floats, Mask, Sample

CELLS_A_PIXEL = 4 / 3  # a cell is 3/4 of a pixel: no pixel that looks straight falls between two cells
BOX_CELLS = 4  # as wide as the 3 pixels of the box filter in a view
_ROUNDING = 1e-6  # of a mean of float32; probabilities lie at least 1/255 apart


@dataclass(frozen=True, slots=True)
class Fused:
    """What is marked at one cut. `score`: float64 (rows, columns), of the region that a marked cell belongs to, else 0.

    `seen`: for each sample, where that view by itself marks a cell that is marked.
    """

    mask: Mask
    score: npt.NDArray[np.float64]
    seen: tuple[Mask, ...]


def fuse_any(samples: Sequence[Sample], cut: float) -> Fused:
    """Return what any view marks by itself, with the score of its best region there."""
    shape = samples[0].levels.shape
    mask, score, seen = np.zeros(shape, bool), np.zeros(shape), []
    for sample in samples:
        marked = sample.levels >= cut_level(cut)
        scores = sample.scores_at(marked)
        reaches = ~(scores < np.float32(cut))  # not-a-number goes on, and becomes a doubt
        marked[marked] = reaches
        mask |= marked
        score[marked] = np.maximum(score[marked], scores[reaches])
        seen.append(marked)
    return Fused(mask, score, tuple(seen))


@dataclass(frozen=True, slots=True)
class ProbabilityMap:
    """One probability a cell, from all views. `regions`: int32, the connected cells above `t_low`, 1..n."""

    probability: Floats
    t_low: float
    regions: npt.NDArray[np.int32]
    goes_around: bool
    samples: tuple[Sample, ...]


def probability_map(samples: Sequence[Sample], mode: Literal["max", "weighted"], *, goes_around: bool) -> ProbabilityMap:
    """Put the views together; a cell that none of them shows is `t_low`."""
    t_low = max(sample.t_low for sample in samples)
    above = samples[0].levels > 0
    for sample in samples[1:]:
        above |= sample.levels > 0
    probability = np.full(above.shape, t_low, np.float32)
    said = np.stack([_said(sample, above) for sample in samples])  # (views, marked cells)
    match mode:
        case "max":
            probability[above] = said.max(axis=0)
        case "weighted":
            weights = np.stack([sample.view.weight[above] for sample in samples])
            probability[above] = (said * weights).sum(axis=0) / weights.sum(axis=0)  # who marks a cell sees it
        case _:
            assert_never(mode)
    _, regions = label_on_ring(above, goes_around=goes_around)
    return ProbabilityMap(probability, t_low, regions, goes_around, tuple(samples))


def fuse_map(fused: ProbabilityMap, cut: float, smallest_cells: int) -> Fused:
    """Return what lies at or above the cut in the regions whose score reaches it."""
    level = cut_level(cut)
    mask = (fused.regions > 0) & (fused.probability >= level / 255 - _ROUNDING)
    scores = np.zeros(int(fused.regions.max(initial=0)) + 1)
    boxes = ndimage.find_objects(fused.regions)
    for region in np.unique(fused.regions[mask]):
        scores[region] = _region_score(fused, int(region), boxes[region - 1], smallest_cells)
    mask &= ~(scores < cut)[fused.regions]
    seen = tuple(mask & (sample.levels >= level) for sample in fused.samples)
    return Fused(mask, np.where(mask, scores[fused.regions], 0), seen)


def _said(sample: Sample, cells: Mask) -> Floats:
    """Return what one view says of these cells: float32 (n,)."""
    levels = sample.levels[cells]
    return np.where(levels > 0, levels * np.float32(1 / 255), np.float32(sample.t_low))


def _region_score(fused: ProbabilityMap, region: int, box: tuple[slice, slice], smallest_cells: int) -> float:
    """Return the mean of the `smallest_cells` largest values after a box filter, within the region and around it.

    What is not of the region is at most `t_low` and counts as that, also beyond the ends of the part.
    """
    rows = slice(None) if fused.goes_around else box[0]
    inside = fused.regions[rows, box[1]] == region
    values = np.where(inside, fused.probability[rows, box[1]], np.float32(fused.t_low))
    if fused.goes_around:
        values = values[unrolled_rows(inside.any(axis=1), goes_around=True)]
    margin = BOX_CELLS
    around = cv2.copyMakeBorder(values, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(fused.t_low,))
    filtered = cv2.blur(around, (BOX_CELLS, BOX_CELLS))
    count = min(smallest_cells, filtered.size)
    beyond = smallest_cells - count
    return float(min(1.0, max(0.0, (sum_of_largest(filtered, count) + beyond * fused.t_low) / smallest_cells)))
