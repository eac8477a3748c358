"""One number a kind of defect and part: how much the worst place of all views looks like that defect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from classical.straighten import ROW_MM, FlatView, Float
from edge_inspector.synthesis.defects import DefectKind

COLUMN_MM = 0.056
TINT_RGB = np.array((0.8, 1.0, 1.25))  # a stain takes more of the blue light
NOISE_VARIANCE = 0.05  # grey levels squared, after blurring
UNSEEN = -1.0  # darkness of what is not judged


@dataclass(frozen=True, slots=True)
class CrackFilter:
    """What is over `grain_mm` long along the grain is grain, which is taken to run in rows or, with `flow`, as structure
    tensors say. A crack's line is `width_px` wide; darkness of lines 2.5 times wider counts `wide` times against it; a path
    pays `least` darkness a step and `turn` more for going to the next row."""

    flow: bool
    grain_mm: float
    width_px: float
    wide: float
    least: float
    turn: float = 0.02
    most: float = 0.2  # darkness that counts: a short black thing is no crack


@dataclass(frozen=True, slots=True)
class StainFilter:
    """Blurred by `blur_px`, less what is the same over `around_mm` (0: nothing is); noise and `drift` of
    the tone are always expected; judged up to `turned_deg` from the line that faces the camera."""

    blur_px: float
    around_mm: float
    drift: float
    turned_deg: float


@dataclass(frozen=True, slots=True)
class HoleFilter:
    """Darkness is the mean over a square of `side_px`."""

    side_px: int


Filter = CrackFilter | StainFilter | HoleFilter
FILTERS: Mapping[DefectKind, Sequence[Filter]] = {
    DefectKind.CRACK: [
        CrackFilter(*choice) for choice in product((False, True), (5.0, 7.5), (1.8,), (0.0, 0.7), (0.03, 0.06))
    ],
    DefectKind.STAIN: [StainFilter(*choice) for choice in product((6.0, 10.0), (0.0, 3.0), (0.03,), (32.0, 42.0))],
    DefectKind.HOLE: [HoleFilter(side_px) for side_px in (13, 19)],
}


def score_part(views: Sequence[FlatView]) -> dict[DefectKind, list[float]]:
    """For every kind the score that each of its `FILTERS` gives, the largest of all views."""
    return {
        DefectKind.CRACK: _cracks(views),
        DefectKind.STAIN: _largest([_stains(view) for view in views]),
        DefectKind.HOLE: _largest([_holes(view) for view in views]),
    }


def _largest(scores: Sequence[list[float]]) -> list[float]:
    return [max(column) for column in zip(*scores, strict=True)]


def _luminance(view: FlatView) -> Float:
    """Log of the two channels with least noise: a share of darkness is the same difference anywhere."""
    return np.asarray(np.log(np.maximum(0.35 * view.rgb[..., 0] + 0.65 * view.rgb[..., 1], 4.0)), np.float32)


def _running_median(layer: Float, length_mm: float) -> Float:
    """Along the rows."""
    coarse = cv2.resize(layer, (layer.shape[1] // 4, layer.shape[0]), interpolation=cv2.INTER_AREA)
    window = round(length_mm / COLUMN_MM / 4) | 1
    smooth = median_filter(coarse, size=(1, window), mode="reflect")
    return np.asarray(cv2.resize(smooth, layer.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _cracks(views: Sequence[FlatView]) -> list[float]:
    """The best path along each view: dark, thin, and not along the grain for long."""
    filters = [found for found in FILTERS[DefectKind.CRACK] if isinstance(found, CrackFilter)]
    columns = max(view.rgb.shape[1] for view in views) // 2 + 1
    ridges: dict[tuple[bool, float, float, float], Float] = {}
    for k, view in enumerate(views):
        log = _luminance(view)
        log -= cv2.GaussianBlur(log, (0, 0), sigmaX=1, sigmaY=12)  # shade, node, drift
        for flow in {found.flow for found in filters}:
            layer, judged = _along_grain(log, view.judged) if flow else (log, view.judged)
            for grain_mm in {found.grain_mm for found in filters}:
                bare = layer - _running_median(layer, grain_mm)
                for width_px in {found.width_px for found in filters}:
                    thin, thick = _ridge(bare, width_px), _ridge(bare, 2.5 * width_px)
                    for wide in {found.wide for found in filters}:
                        ridge = thin - wide * np.maximum(thick, 0)
                        stack = ridges.setdefault(
                            (flow, grain_mm, width_px, wide), np.full((len(views), len(log), columns), UNSEEN, np.float32)
                        )
                        stack[k, :, : (log.shape[1] + 1) // 2] = np.where(judged, ridge, UNSEEN)[:, ::2]
    layers = [np.minimum(ridges[f.flow, f.grain_mm, f.width_px, f.wide], f.most) - f.least for f in filters]
    return [float(score) for score in _best_paths(np.stack(layers), np.array([f.turn for f in filters], np.float32))]


def _along_grain(log: Float, judged: NDArray[np.bool_]) -> tuple[Float, NDArray[np.bool_]]:
    """Bend the rows so that they follow the grain: its slope by structure tensors (Bigun and Granlund 1987)."""
    smooth = cv2.GaussianBlur(log, (0, 0), 1.5)
    down, right = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3), cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3)
    steep = cv2.GaussianBlur(down * down, (0, 0), sigmaX=30, sigmaY=10) + 1e-5
    slope = np.clip(-cv2.GaussianBlur(down * right, (0, 0), sigmaX=30, sigmaY=10) / steep, -0.2, 0.2)
    height, width = log.shape
    rows = np.empty((height, width), np.float32)
    start = np.arange(height, dtype=np.float32)
    for columns in (range(width // 2, width), range(width // 2, -1, -1)):
        row, step = start, (1 if columns.step > 0 else -1)
        for column in columns:
            rows[:, column] = row
            row = np.clip(row + step * np.interp(row, start, slope[:, column]), 0, height - 1).astype(np.float32)
    across = np.broadcast_to(np.arange(width, dtype=np.float32), rows.shape).copy()
    bent = cv2.remap(log, across, rows, cv2.INTER_CUBIC)
    is_judged = cv2.remap(judged.astype(np.uint8), across, rows, cv2.INTER_NEAREST) > 0
    return np.asarray(bent, np.float32), is_judged


def _ridge(layer: Float, width_px: float) -> Float:
    """Darkness of a line against both sides, averaged a little along it: second derivative of a Gaussian across."""
    reach = round(4 * width_px)
    y = np.arange(-reach, reach + 1) / width_px
    across = (1 - y * y) * np.exp(-0.5 * y * y)
    across -= across.mean()
    across /= across[np.abs(y) <= 1].sum()
    dark = cv2.filter2D(-layer, cv2.CV_32F, across[:, None].astype(np.float32), borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.GaussianBlur(dark, (0, 0), sigmaX=1.5, sigmaY=1e-3), np.float32)


def _best_paths(gain: Float, turn: Float) -> Float:
    """Sum along the best connected path of each of the first axis' stacks, float32 (filters,).

    `gain` (filters, views, rows, columns). A path steps right, staying in its row or changing by one for `turn`, and
    begins and ends wherever that is best (the local alignment of Smith and Waterman 1981).
    """
    best = np.zeros(gain.shape[:3], np.float32)
    most = np.zeros(gain.shape[:3], np.float32)
    cost = turn[:, None, None]
    for column in np.moveaxis(gain, -1, 0):
        side = best.copy()
        np.maximum(side[..., 1:], best[..., :-1], out=side[..., 1:])
        np.maximum(side[..., :-1], best[..., 1:], out=side[..., :-1])
        best = np.maximum(np.maximum(best, side - cost) + column, 0)
        np.maximum(most, best, out=most)
    return np.asarray(most.max(axis=(1, 2)))


def _stains(view: FlatView) -> list[float]:
    """Share of light taken, as the adaptive matched filter (Robey et al. 1992) finds it: in each row it looks the way that
    tells a stain's tint best from what else changes along the row (gloss, tone, noise), which it measures there."""
    scores = []
    for found in FILTERS[DefectKind.STAIN]:
        assert isinstance(found, StainFilter)
        blurred = cv2.GaussianBlur(view.rgb, (0, 0), found.blur_px)[::2, ::4]
        judged = view.judged[::2, ::4]
        rows = np.flatnonzero(judged.any(axis=1))
        kept = blurred[rows][:, judged[rows].all(axis=0)].astype(np.float64)  # (r, c, 3)
        tint = _tint(kept, found)
        if found.around_mm:
            along_px = found.around_mm / (4 * COLUMN_MM)
            tint = tint - cv2.GaussianBlur(tint, (0, 0), sigmaX=along_px, sigmaY=found.around_mm / (2 * ROW_MM))
        scores.append(float(tint[np.abs(view.angle_deg[rows * 2]) <= found.turned_deg].max()))
    return scores


def _tint(light: NDArray[np.float64], found: StainFilter) -> NDArray[np.float64]:
    """(r, c): the contrast of a stain that explains each place best."""
    usual = np.median(light, axis=1)  # (r, 3)
    off = light - usual[:, None]
    matt = np.argsort(usual[:, 2] / usual[:, 0])[: max(5, len(usual) // 4)]  # gloss is white, the straw is not
    colour = usual[matt].sum(axis=0)
    colour /= colour.mean()
    body = (usual[:, 0] - usual[:, 2]) / (colour[0] - colour[2])  # light from below the gloss
    body = np.maximum(body, 0.3 * np.median(body))
    stain = -(TINT_RGB * colour) * body[:, None]  # (r, 3)
    spread = 2.5 * np.median(np.abs(off), axis=1, keepdims=True)
    within = np.clip(off, -spread, spread)  # a stain must not hide itself
    covariance = np.einsum("rci,rcj->rij", within, within) / within.shape[1]
    padded = np.pad(covariance, ((2, 2), (0, 0), (0, 0)), mode="edge")
    covariance = np.mean([padded[k : k + len(usual)] for k in range(5)], axis=0)
    covariance += NOISE_VARIANCE * np.eye(3) + found.drift**2 * np.einsum("ri,rj->rij", usual, usual)
    looked = np.linalg.solve(covariance, stain[..., None])[..., 0]  # (r, 3)
    return np.asarray(np.einsum("ri,rci->rc", looked, off) / np.einsum("ri,ri->r", looked, stain)[:, None])


def _holes(view: FlatView) -> list[float]:
    """Mean darkness over a square, against the row's usual tone."""
    log = _luminance(view)
    log = np.median(log, axis=1, keepdims=True) - log
    log -= np.clip(np.median(log[view.judged.any(axis=1)], axis=0, keepdims=True), 0, None)  # a node darkens all rows
    scores = []
    for found in FILTERS[DefectKind.HOLE]:
        assert isinstance(found, HoleFilter)
        mean = cv2.blur(log, (found.side_px, found.side_px))
        scores.append(float(mean[view.judged].max()))
    return scores
