"""The surface as a flat picture: one row an angle, one column a place along. For people; nothing is decided from it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.geometry.view_map import ViewMap

Pixels = NDArray[np.uint8]


def unwrap(picture: Pixels, view_map: ViewMap) -> Pixels:
    """Return what a view, uint8 (h, w, 3), shows of the surface: uint8 (n_angle, n_along, 3), black where turned away."""
    flat = cv2.remap(
        picture, view_map.x_px, view_map.y_px, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0)
    )
    flat[view_map.cos_incidence <= 0] = 0
    return np.asarray(flat, np.uint8)


def blend(pictures: Sequence[Pixels], view_maps: Sequence[ViewMap], *, max_incidence_deg: float) -> Pixels:
    """Return the surface as several views show it together: uint8 (n_angle, n_along, 3).

    Each view weighs by the square of its cosine of incidence (science.md §7.4), where it shows the surface at no flatter
    incidence than the limit. Black where none does.

    Raises:
        ValueError: there are not as many maps as pictures, or none.
    """
    if len(pictures) != len(view_maps) or not pictures:
        raise ValueError(f"{len(pictures)} pictures with {len(view_maps)} maps can not be put together")
    total = np.zeros((*view_maps[0].x_px.shape, 3), np.float32)
    weights = np.zeros(view_maps[0].x_px.shape, np.float32)
    for picture, view_map in zip(pictures, view_maps, strict=True):
        height_px, width_px = picture.shape[:2]
        shown = view_map.shown(width_px=width_px, height_px=height_px, max_incidence_deg=max_incidence_deg)
        weight = np.where(shown, view_map.cos_incidence**2, 0).astype(np.float32)
        total += weight[..., None] * unwrap(picture, view_map)
        weights += weight
    return np.asarray(np.rint(total / np.maximum(weights, 1e-6)[..., None]), np.uint8)
