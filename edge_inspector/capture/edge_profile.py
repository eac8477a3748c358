"""Grey profiles across an edge, from outside inwards, and the edge's place in each."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.capture.edge_model import OFFSETS_PX, place_edges

Grey = NDArray[np.uint8]
Float = NDArray[np.float64]

OUTSIDE_PX = 16  # where reading starts, before the coarse edge
INSIDE_PX = 14
DEPTHS_PX: Float = np.arange(-OUTSIDE_PX, INSIDE_PX + 1, dtype=np.float64)
OUTERMOST_SAMPLES = 4  # the background, first of all
GAP_PX = 4  # of background, beside the part and not a crack in it, which is narrower where the part turns away
GAP_BEFORE = OUTSIDE_PX + 4  # samples: gaps further inside are dark places of the part
BACKGROUND_FROM_PX, BACKGROUND_TO_PX = 6, 3  # before the edge: the background's level beside it
JUST_INSIDE_PX = 2.5  # behind the edge: the part's level there
ROUNDS = 3


def read_profiles(grey: Grey, x_px: Float, y_px: Float) -> Float:
    """Return float64 (n, depths): at each depth the mean of the middle half of the lanes' grey levels.

    `x_px`, `y_px`: float64 (n, lanes, depths), in pixels; beyond the picture its border goes on.
    """
    n, lanes, depths = x_px.shape
    flat = (n * lanes, depths)
    read = cv2.remap(
        grey,
        x_px.reshape(flat).astype(np.float32),
        y_px.reshape(flat).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    by_level = np.sort(np.asarray(read).reshape(n, lanes, depths), axis=1)
    middle = by_level[:, lanes // 4 : lanes - lanes // 4]
    return np.asarray(middle.mean(axis=1, dtype=np.float64))


def find_edges(profiles: Float, edge_of: NDArray[np.intp], least_rise: float) -> Float:
    """Return the depth, float64 (n,), at which each profile (n, len(DEPTHS_PX)) enters the part; NaN where it is not seen.

    `edge_of` (n,) says which edge each profile is of: how blur and shading shift the half-way level is taken from all
    profiles of an edge together; where the blur is too large, none is seen. `least_rise`: grey levels by which the part
    stands out beside the edge.
    """
    start = _first_rise(profiles, least_rise)
    places = _half_way(profiles, start, least_rise)
    edges = [of_edge for edge in np.unique(edge_of) if (of_edge := (edge_of == edge) & ~np.isnan(places)).any()]
    if not edges:
        return places
    shifts_px = place_edges(np.stack([_laid_over_each_other(profiles[of_edge], places[of_edge]) for of_edge in edges]))
    if shifts_px is None:
        return np.full_like(places, np.nan)
    for of_edge, shift_px in zip(edges, shifts_px, strict=True):
        places[of_edge] += shift_px
    return places


def _first_rise(profiles: Float, least_rise: float) -> NDArray[np.intp]:
    """Return the index from which each profile stands out from its outermost samples; 0 where it does not.

    The first one behind the last gap: something else may lie beside the part.
    """
    background = np.median(profiles[:, :OUTERMOST_SAMPLES], axis=1)
    stands_out = profiles >= (background + least_rise)[:, None]
    in_gap: NDArray[np.bool_] = np.all(
        np.lib.stride_tricks.sliding_window_view(~stands_out[:, :GAP_BEFORE], GAP_PX, axis=1), axis=2
    )
    gap_end = GAP_BEFORE - 1 - np.argmax(in_gap[:, ::-1], axis=1)  # index of its last sample
    rises = stands_out[:, :-1] & stands_out[:, 1:] & (np.arange(profiles.shape[1] - 1) > gap_end[:, None])
    return np.asarray(np.where(in_gap.any(axis=1), np.argmax(rises, axis=1), 0))


def _half_way(profiles: Float, start: NDArray[np.intp], least_rise: float) -> Float:
    """Return the depth at which each profile is half way from the background's level to that just inside; NaN: nowhere."""
    rows, index = np.arange(len(profiles)), np.arange(profiles.shape[1])
    beside = (index >= (start - BACKGROUND_FROM_PX)[:, None]) & (index <= (start - BACKGROUND_TO_PX)[:, None])
    beside[:, 0] |= ~beside.any(axis=1)
    background = (profiles * beside).sum(axis=1) / beside.sum(axis=1)
    place = start.astype(np.float64)
    inside = background
    for _ in range(ROUNDS):
        inside = _sample(profiles, (place + JUST_INSIDE_PX)[:, None])[:, 0]
        level = (background + inside) / 2
        rises = (profiles[:, :-1] < level[:, None]) & (profiles[:, 1:] >= level[:, None])
        rises &= index[None, :-1] >= (start - BACKGROUND_TO_PX)[:, None]
        first = np.argmax(rises, axis=1)
        below, above = profiles[rows, first], profiles[rows, first + 1]
        place = np.where(rises.any(axis=1), first + (level - below) / np.maximum(above - below, 1e-9), np.nan)
    is_seen = (start > 0) & (inside - background >= least_rise)
    return np.asarray(np.where(is_seen, place + DEPTHS_PX[0], np.nan))


def _laid_over_each_other(profiles: Float, half_way_px: Float) -> Float:
    """Return the median of an edge's profiles, float64 (29,) at `OFFSETS_PX` from half way, from 0 to 1."""
    laid = _sample(profiles, half_way_px[:, None] - DEPTHS_PX[0] + OFFSETS_PX[None, :])
    laid = laid - laid[:, :1]
    return np.asarray(np.median(laid / np.maximum(laid.max(axis=1, keepdims=True), 1e-9), axis=0))


def _sample(profiles: Float, at: Float) -> Float:
    """Return the profiles (n, m) at fractional indices `at` (n, k), linearly; beyond the ends the end's value; NaN as 0."""
    at = np.clip(np.where(np.isnan(at), 0.0, at), 0, profiles.shape[1] - 1.000001)
    lower = at.astype(np.intp)
    part = at - lower
    rows = np.arange(len(profiles))[:, None]
    return np.asarray(profiles[rows, lower] * (1 - part) + profiles[rows, lower + 1] * part)
