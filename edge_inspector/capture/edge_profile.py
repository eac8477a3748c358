"""Grey profiles across an edge, from outside inwards, and the edge's place in each."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.capture.edge_model import OFFSETS_PX, place_edge

Grey = NDArray[np.uint8]
Float = NDArray[np.float64]

OUTSIDE_PX = 16  # where reading starts, before the coarse edge
INSIDE_PX = 14
DEPTHS_PX: Float = np.arange(-OUTSIDE_PX, INSIDE_PX + 1, dtype=np.float64)
BACKGROUND_SAMPLES = 4  # seen before the edge, at least
BACKGROUND_FROM_PX, BACKGROUND_TO_PX = 9, 4  # before the edge: the background's level beside it
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
    profiles of an edge together, and where that can not be told the whole edge is not seen. `least_rise`: grey levels by
    which the part stands out beside the edge.
    """
    start = _first_rise(profiles, least_rise)
    places = _half_way(profiles, start, least_rise)
    for edge in np.unique(edge_of):
        of_edge = (edge_of == edge) & ~np.isnan(places)
        if of_edge.any():
            shift_px = _shift_of(profiles[of_edge], places[of_edge])
            places[of_edge] += math.nan if shift_px is None else shift_px
    return places


def _first_rise(profiles: Float, least_rise: float) -> NDArray[np.intp]:
    """Return the first index from which two samples stand out from the outermost ones; 0 where none do."""
    outermost = profiles[:, :BACKGROUND_SAMPLES]
    background = np.median(outermost, axis=1)
    rise = np.maximum(least_rise, 4 * outermost.std(axis=1))
    stands_out = profiles >= (background + rise)[:, None]
    return np.asarray(np.argmax(stands_out[:, :-1] & stands_out[:, 1:], axis=1))


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
    is_seen = (start >= BACKGROUND_SAMPLES) & (inside - background >= least_rise)
    return np.asarray(np.where(is_seen, place + DEPTHS_PX[0], np.nan))


def _shift_of(profiles: Float, half_way_px: Float) -> float | None:
    """Return how far behind half way the true edge is, px, from the median of all profiles laid over each other there."""
    at = half_way_px[:, None] - DEPTHS_PX[0] + OFFSETS_PX[None, :]
    laid = _sample(profiles, at)
    laid = laid - laid[:, :1]
    return place_edge(np.median(laid / np.maximum(laid.max(axis=1, keepdims=True), 1e-9), axis=0))


def _sample(profiles: Float, at: Float) -> Float:
    """Return the profiles (n, m) at fractional indices `at` (n, k), linearly; beyond the ends the end's value; NaN as 0."""
    at = np.clip(np.where(np.isnan(at), 0.0, at), 0, profiles.shape[1] - 1.000001)
    lower = at.astype(np.intp)
    part = at - lower
    rows = np.arange(len(profiles))[:, None]
    return np.asarray(profiles[rows, lower] * (1 - part) + profiles[rows, lower + 1] * part)
