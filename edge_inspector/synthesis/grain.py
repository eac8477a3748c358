"""The grain of a natural straw, unwrapped: lines and fibres along it, and the flow that they all follow.

Fibres are what a crack is most easily taken for: as dark, as long and about as wide. They differ in what an eye goes by too:
they are soft on both sides, fade out over millimetres, and run with the grain, while a crack has edges, is jagged
and crosses the grain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LINE_DARKNESS = (0.1, 0.4)
FIBRE_DARKNESS = (0.1, 0.4)
FIBRE_FADE = 0.3  # of its length, at each end
FLOW_KNOTS = (8, 16)  # along a straw

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Grain:
    """What makes a straw's grain hard to tell from cracks; each [from, to].

    `fibres`: how many a straw has; their length along it and sigma around it. `flow_mm`: the most that it is shifted around.
    """

    fibres: tuple[int, int]
    fibre_length_mm: tuple[float, float]
    fibre_sigma_mm: tuple[float, float]
    flow_mm: tuple[float, float]


NATURAL = Grain((25, 70), (5.0, 18.0), (0.08, 0.16), (0.15, 0.5))
HARDER = Grain((30, 80), (3.0, 16.0), (0.06, 0.15), (0.15, 0.6))  # not even eyes tell such fibres from faint cracks


def draw_grain(
    rng: np.random.Generator, rows: int, columns: int, mm_per_row: float, mm_per_column: float, grain: Grain = NATURAL
) -> Float:
    """Share of the light that comes back, float32 (rows, columns)."""
    tone = _lines(rng, rows, columns)
    tone *= np.float32(1) - _fibres(rng, rows, columns, mm_per_row, mm_per_column, grain)
    flow = smooth_field(rng, rows, columns, 12, FLOW_KNOTS) * np.float32(rng.uniform(*grain.flow_mm) / mm_per_row)
    return _flowing(tone, flow)


def smooth_field(
    rng: np.random.Generator, rows: int, columns: int, knots_around: int, knots_along: tuple[int, int]
) -> Float:
    """A random field float32 (rows, columns) between -1 and 1, the first row following the last; `knots_along` from, to."""
    knots = rng.standard_normal((knots_around, int(rng.integers(*knots_along, endpoint=True)))).astype(np.float32)
    joined = np.concatenate([knots[-2:], knots, knots[:2]])
    beyond = math.ceil(2 * rows / knots_around)  # rows of two knots
    field = cv2.resize(joined, (columns, rows + 2 * beyond), interpolation=cv2.INTER_CUBIC)[beyond : beyond + rows]
    return np.asarray(field / (np.abs(field).max() + np.float32(1e-6)), np.float32)


def blur_around(noise: Float, sigma_rows: float) -> Float:
    """Blur around the straw only, the first row following the last."""
    pad = math.ceil(4 * sigma_rows)
    wrapped = np.concatenate([noise[-pad:], noise, noise[:pad]])
    blurred = cv2.GaussianBlur(wrapped, (1, 2 * pad + 1), sigmaX=0, sigmaY=sigma_rows)
    return np.asarray(blurred.reshape(wrapped.shape)[pad:-pad], np.float32)


def _stretch(coarse: Float, columns: int) -> Float:
    return np.asarray(cv2.resize(coarse, (columns, coarse.shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def _lines(rng: np.random.Generator, rows: int, columns: int) -> Float:
    """Dark lines along the whole straw that come and go, of three widths, and texture too fine to be told apart."""
    dark = np.zeros((rows, columns), np.float32)
    for sigma_rows, knots, most in ((2.2, 9, 1.0), (5.0, 6, 0.8), (11.0, 5, 0.6)):
        lines = blur_around(rng.standard_normal((rows, knots)).astype(np.float32), sigma_rows)
        lines += 1.5 * blur_around(rng.standard_normal((rows, 1)).astype(np.float32), sigma_rows)
        lines /= float(lines.std()) + 1e-6
        np.maximum(dark, most * np.clip(_stretch(lines, columns) * 0.45 - 0.25, 0.0, 1.0), out=dark)
    texture = _stretch(rng.standard_normal((rows, 40)).astype(np.float32), columns)
    return np.asarray((1.0 - float(rng.uniform(*LINE_DARKNESS)) * dark) * (1.0 + 0.015 * texture), np.float32)


def _fibres(
    rng: np.random.Generator, rows: int, columns: int, mm_per_row: float, mm_per_column: float, grain: Grain
) -> Float:
    """Darkness of fibres that begin and end: soft across, fading along."""
    dark = np.zeros((rows, columns), np.float32)
    shortest, longest = map(math.log, grain.fibre_length_mm)
    for _ in range(int(rng.integers(*grain.fibres, endpoint=True))):
        length = math.exp(rng.uniform(shortest, longest)) / mm_per_column
        sigma = rng.uniform(*grain.fibre_sigma_mm) / mm_per_row
        darkness, start, middle = (
            rng.uniform(*FIBRE_DARKNESS),
            rng.uniform(-length / 2, columns - length / 2),
            rng.uniform(0, rows),
        )
        across = np.arange(math.floor(middle - 4 * sigma), math.ceil(middle + 4 * sigma) + 1)
        along = np.arange(max(0, math.ceil(start)), min(columns, math.floor(start + length) + 1))
        share = (along - start) / length
        fade = np.clip(np.minimum(share, 1 - share) / FIBRE_FADE, 0, 1)
        profile = np.exp(-0.5 * ((across - middle) / sigma) ** 2)[:, None] * (fade * fade * (3 - 2 * fade))[None, :]
        place = np.ix_(across % rows, along)
        dark[place] = np.maximum(dark[place], (darkness * profile).astype(np.float32))
    return dark


def _flowing(layer: Float, shift_rows: Float) -> Float:
    """Take every cell from `shift_rows` further around."""
    rows, columns = layer.shape
    row = np.mod(np.arange(rows, dtype=np.float32)[:, None] + shift_rows, np.float32(rows))
    column = np.broadcast_to(np.arange(columns, dtype=np.float32)[None, :], row.shape)
    joined = np.concatenate([layer, layer[:1]])  # row `rows` is row 0 again
    return np.asarray(cv2.remap(joined, column, row, cv2.INTER_LINEAR), np.float32)
