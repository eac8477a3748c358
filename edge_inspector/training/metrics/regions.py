"""Object level: which labelled regions were found, and which found regions are false (science.md §4.5)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edge_inspector.training.metrics.overlap import Mask

LEAST_IOU = 0.1
LEAST_COVERAGE = 0.3


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions (8-connected) of one picture: labelled, of these found, and found ones that are of no label."""

    labelled: int
    hit: int
    false: int


def match_regions(found: Mask, labelled: Mask) -> Regions:
    """Count regions of two masks, bool (h, w).

    A labelled region is hit if the found regions that touch it reach IoU LEAST_IOU with it, or cover LEAST_COVERAGE of it. A
    found region is false unless the same holds the other way round.
    """
    labelled_count, hit = _matched(labelled, found)
    found_count, true = _matched(found, labelled)
    return Regions(labelled_count, hit, found_count - true)


def _matched(mask: Mask, other: Mask) -> tuple[int, int]:
    """How many regions `mask` has, and how many of them `other` matches."""
    regions, region_of = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    _, other_of = cv2.connectedComponents(other.astype(np.uint8), connectivity=8)
    matched = 0
    for region in range(1, regions):
        inside = region_of == region
        both = int((inside & other).sum())
        touching = np.isin(other_of, np.setdiff1d(other_of[inside], [0]))
        matched += both / int((inside | touching).sum()) >= LEAST_IOU or both / int(inside.sum()) >= LEAST_COVERAGE
    return regions - 1, matched
