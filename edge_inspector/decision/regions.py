"""Measures what an engine marked: connected components at a rule's cut, with score, area and length.

An engine sends boxes of pixels above `t_low`; a rule's cut lies at least twice as high, so that no component at the cut
spans two boxes and each box can be measured alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from edge_inspector.domain.judgement import Region

Crop = npt.NDArray[np.uint8]
MAX_COMPONENTS = 1024

# Kulpa 1977, Area and perimeter measurement of blobs in discrete binary pictures: steps of 1 and √2 along a digitised
# curve overestimate its length on average by this factor's inverse.
KULPA_FACTOR = math.pi * (1 + math.sqrt(2)) / 8
_CURVED_FILL = 0.5  # a component that fills less of its rectangle is curved or branched
_GEODESIC_MOST_PX = 20_000  # keeps one component's geodesic length at some 30 ms; larger ones keep the rectangle's side
_FORWARD_STEPS = ((0, 1, 1.0), (1, 0, 1.0), (1, 1, math.sqrt(2)), (1, -1, math.sqrt(2)))


@dataclass(frozen=True, slots=True)
class Component:
    """One connected component at a cut. The box is in view pixels; `score` is that of its region, 0..1."""

    score: float
    area_mm2: float
    length_mm: float
    x_px: int
    y_px: int
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class ViewScale:
    """What a view's regions are measured with."""

    height_px: int
    width_px: int
    mm_per_px: float
    t_low: float
    smallest_defect_px: int


def crop_of(region: Region) -> Crop:
    """Return the region's probabilities, uint8 (height_px, width_px), 255 = 1.0.

    Raises:
        ValueError: the bytes do not fill the box.
    """
    return np.frombuffer(region.probability, np.uint8).reshape(region.height_px, region.width_px)


def cut_level(cut: float) -> int:
    """Return the lowest uint8 level that counts as reaching `cut` (0..1).

    Rounded down, since the engine's side may have rounded a pixel at the cut down as well; never 0, which means "not in
    this region".

    >>> cut_level(0.5), cut_level(1.0), cut_level(0.001)
    (127, 255, 1)
    """
    return max(1, math.floor(cut * 255))


def region_score(region: Region, scale: ViewScale) -> float:
    """Return science.md §6.4 inside a region: the mean of the `smallest_defect_px` largest values after a 3×3 box filter.

    Pixels that the crop leaves out are at most `t_low` and count as that, not as 0, and the view's border pixels repeat
    beyond it as they do for the engine's own score: the score is never below the one that the whole map gives around this
    region (but for rounding to uint8).
    """
    crop = crop_of(region)
    top, left = min(2, region.y_px), min(2, region.x_px)
    bottom = min(2, scale.height_px - region.y_px - region.height_px)
    right = min(2, scale.width_px - region.x_px - region.width_px)
    inside = np.where(crop == 0, np.float32(scale.t_low), crop.astype(np.float32) / np.float32(255))
    around = cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(scale.t_low,))
    filtered = cv2.blur(around, (3, 3), borderType=cv2.BORDER_REPLICATE)
    count = min(scale.smallest_defect_px, filtered.size)
    beyond = min(scale.smallest_defect_px, scale.height_px * scale.width_px) - count
    score = (_sum_of_largest(filtered, count) + beyond * scale.t_low) / (count + beyond)
    return float(min(1.0, max(0.0, score)))


def _sum_of_largest(values: npt.NDArray[np.float32], count: int) -> float:
    """Return the sum of the `count` largest values; sorts only what can be among them.

    Partitioning all is slow where most values are equal, as they are around a crack and within a plateau.
    """
    # one of each line along the shorter side: their count-th largest is at most the count-th largest of all
    tops = values.max(axis=int(np.argmin(values.shape)))
    if tops.size < count:
        return float(np.sort(values, axis=None)[-count:].sum(dtype=np.float64))
    bound = float(np.partition(tops, tops.size - count)[tops.size - count])
    above = np.sort(values[values > bound])[-count:]
    return float(above.sum(dtype=np.float64)) + (count - above.size) * bound


def measure_regions(regions: Sequence[Region], cut: float, scale: ViewScale) -> list[Component] | None:
    """Return the 8-connected components at or above `cut` (0..1) of the regions whose score reaches it.

    None when there are more than `MAX_COMPONENTS`: to measure them all would cost more time than a part has. Every region
    must lie inside the view.

    Raises:
        ValueError: a region's bytes do not fill its box.
    """
    components: list[Component] = []
    for region in regions:
        crop = crop_of(region)
        mask = (crop >= cut_level(cut)).astype(np.uint8)
        if not mask.any():
            continue
        score = region_score(region, scale)
        if score < cut:
            continue
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        if len(components) + count - 1 > MAX_COMPONENTS:
            return None
        for label in range(1, count):
            x, y, width, height, area = (int(v) for v in stats[label])
            component = labels[y : y + height, x : x + width] == label
            components.append(
                Component(
                    score=score,
                    area_mm2=area * scale.mm_per_px**2,
                    length_mm=length_px(component) * scale.mm_per_px,
                    x_px=region.x_px + x,
                    y_px=region.y_px + y,
                    width_px=width,
                    height_px=height,
                )
            )
    return components


def length_px(component: npt.NDArray[np.bool_]) -> float:
    """Return the length of one 8-connected component (its own box, not empty) in pixels.

    The longer side of the smallest rectangle around its pixels' centres, plus one pixel. For a component that fills less
    than half of that rectangle (curved, branched) the way along it is taken where longer: from one end to the other
    inside the component, in steps of 1 and √2 with Kulpa's factor.
    """
    width = component.shape[1]
    rows = np.flatnonzero(component.any(axis=1))
    first = component.argmax(axis=1)[rows]  # the corners of the hull are first or last in their row
    last = width - 1 - component[:, ::-1].argmax(axis=1)[rows]
    points = np.column_stack([np.concatenate([first, last]), np.concatenate([rows, rows])]).astype(np.int32)
    _, (side_a, side_b), _ = cv2.minAreaRect(points)
    longer, shorter = float(max(side_a, side_b)) + 1.0, float(min(side_a, side_b)) + 1.0
    area = int(component.sum())
    if area >= _CURVED_FILL * longer * shorter or area > _GEODESIC_MOST_PX:
        return longer
    return max(longer, KULPA_FACTOR * _geodesic_diameter(component) + 1.0)


def _geodesic_diameter(component: npt.NDArray[np.bool_]) -> float:
    """Return the length of the way between two far ends of a component: twice the farthest pixel (exact for trees)."""
    count = int(component.sum())
    index = np.full((component.shape[0] + 1, component.shape[1] + 2), -1, np.int64)
    inner = index[:-1, 1:-1]
    inner[component] = np.arange(count)
    height, width = component.shape
    sources, targets, weights = [], [], []
    for down, right, step in _FORWARD_STEPS:
        neighbour = index[down : down + height, 1 + right : 1 + right + width]
        joined = (inner >= 0) & (neighbour >= 0)
        sources.append(inner[joined])
        targets.append(neighbour[joined])
        weights.append(np.full(int(joined.sum()), step))
    graph = coo_matrix(
        (np.concatenate(weights), (np.concatenate(sources), np.concatenate(targets))), shape=(count, count)
    ).tocsr()
    first = dijkstra(graph, directed=False, indices=np.array([0]))
    second = dijkstra(graph, directed=False, indices=np.array([int(np.argmax(first))]))
    return float(second.max())
