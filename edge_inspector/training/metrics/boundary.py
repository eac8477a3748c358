"""Boundary IoU: how well outlines agree, where mask IoU looks at areas (Cheng et al. 2021; science.md §4.2)."""

from __future__ import annotations

import math

import cv2
import numpy as np

from edge_inspector.training.metrics.overlap import Mask, Overlap, overlap

RATIOS = (0.02, 0.008)  # of the diagonal: the authors' code, and what suits large pictures
THIN_PX = 2  # scratches and cracks are thinner than twice the other distances, which makes them plain mask IoU


def boundary_distance_px(height_px: int, width_px: int, ratio: float) -> int:
    """Width of the boundary for a share of the picture's diagonal, at least 1.

    >>> [boundary_distance_px(256, 1248, ratio) for ratio in RATIOS]
    [25, 10]
    """
    return max(1, round(ratio * math.hypot(height_px, width_px)))


def boundary(mask: Mask, distance_px: int) -> Mask:
    """The mask's pixels with a chessboard distance of at most `distance_px` to a pixel outside; bool (h, w).

    Beyond the picture is outside.
    """
    padded = np.pad(mask.astype(np.uint8), 1)
    inner = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=distance_px)
    outline: Mask = mask & (inner[1:-1, 1:-1] == 0)
    return outline


def boundary_overlap(found: Mask, labelled: Mask, distance_px: int) -> Overlap:
    """`overlap` of the two boundaries: average it as any other."""
    return overlap(boundary(found, distance_px), boundary(labelled, distance_px))
