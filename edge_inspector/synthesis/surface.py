"""The natural surface of a generated straw, unwrapped: grain, nodes, drift of tone and tint, freckles, dark ends, dust.

Everything here is good: it is what an engine must not take for a defect. Lines and fibres of the grain (`grain`) are as
dark as cracks, but soft; short dark ticks have the width of a crack, but stay below `TICK_MM`; dust has the darkness of a
hole, but stays below `DUST_MM`; clouds have the colour of stains, but are fainter than the faintest stain drawn, freckles
stay below `FRECKLE_MM`; nodes, drift and ends have the softness of stains, but run around the straw or lack their colour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.synthesis.body import Body
from edge_inspector.synthesis.grain import NATURAL, Grain, blur_around, draw_grain, smooth_field

ROWS = 768  # around: 0.033 mm a row on a straw of 8 mm
MM_PER_COLUMN = 0.05
TICK_MM = 0.7
DUST_MM = 0.3
NODE_SHARE = 0.35  # of the straws that have one
MOST_DRIFT = 0.05
CLOUDS = (0.04, 0.09)  # of a stain's colour, lighter and darker
FRECKLES = 14  # at most
FRECKLE_MM = (0.25, 0.7)
FRECKLE_DARKNESS = (0.1, 0.4)

Float = NDArray[np.float32]


@dataclass(slots=True)
class Surface:
    """Layers float32 (ROWS, columns): row r is the angle 360 r / ROWS, column c is (c + 1/2) * MM_PER_COLUMN from the
    leading end. `tone` is the share of light that comes back (about 1); `stain` how much of it a stain, or what has its
    colour, takes: below 0 where the straw is paler."""

    body: Body
    tone: Float
    stain: Float
    colour_rgb: tuple[float, float, float]
    gloss: float

    @property
    def mm_per_row(self) -> float:
        """Around the middle of the straw."""
        return self.body.circumference_mm / ROWS

    @property
    def columns(self) -> int:
        """Of every layer."""
        return int(self.tone.shape[1])


def draw_surface(rng: np.random.Generator, body: Body, grain: Grain = NATURAL) -> Surface:
    """Draw the sound surface of one straw."""
    columns = math.ceil(body.length_mm / MM_PER_COLUMN)
    surface = Surface(body, np.ones((ROWS, columns), np.float32), np.zeros((ROWS, columns), np.float32), *_draw_lot(rng))
    surface.tone *= draw_grain(rng, ROWS, columns, surface.mm_per_row, MM_PER_COLUMN, grain)
    surface.tone *= _drift(rng, columns)
    surface.tone *= _ends(rng, columns)[None, :]
    surface.stain += smooth_field(rng, ROWS, columns, 9, (8, 15)) * np.float32(rng.uniform(*CLOUDS))
    _add_freckles(rng, surface)
    _add_ticks(rng, surface)
    if rng.random() < NODE_SHARE:
        _add_node(rng, surface)
    _add_dust(rng, surface)
    return surface


def _draw_lot(rng: np.random.Generator) -> tuple[tuple[float, float, float], float]:
    """Colour and gloss: dry golden, dry pale, greenish, or wet, which is darker and shines more."""
    tones = ((206.0, 182.0, 122.0), (214.0, 198.0, 152.0), (176.0, 178.0, 112.0))
    red, green, blue = tones[int(rng.integers(len(tones)))]
    is_wet = rng.random() < 0.3
    level = float(rng.uniform(0.72, 0.84) if is_wet else rng.uniform(0.92, 1.06))
    hue = rng.uniform(0.96, 1.04, 3)
    colour = (red * level * float(hue[0]), green * level * float(hue[1]), blue * level * float(hue[2]))
    return colour, float(rng.uniform(40, 70) if is_wet else rng.uniform(12, 36))


def _drift(rng: np.random.Generator, columns: int) -> Float:
    """Slow change of tone over 10 to 25 mm."""
    coarse = rng.standard_normal((8, int(rng.integers(4, 8)))).astype(np.float32)
    coarse = np.concatenate([coarse, coarse[:1]])
    field = cv2.resize(coarse, (columns, ROWS + 1), interpolation=cv2.INTER_CUBIC)[:ROWS]
    field /= float(np.abs(field).max()) + 1e-6
    return np.asarray(1.0 + float(rng.uniform(0.01, MOST_DRIFT)) * field, np.float32)


def _ends(rng: np.random.Generator, columns: int) -> Float:
    """Cut ends are darker over a millimetre or three."""
    place = np.arange(columns, dtype=np.float32) * np.float32(MM_PER_COLUMN)
    tone = np.ones(columns, np.float32)
    for distance in (place, place[-1] - place):
        depth, reach_mm = rng.uniform(0.02, 0.15), rng.uniform(0.5, 1.6)
        tone *= 1.0 - np.float32(depth) * np.exp(-distance / np.float32(reach_mm))
    return tone


def _add_ticks(rng: np.random.Generator, surface: Surface) -> None:
    """Short dark dashes along the grain."""
    for _ in range(int(rng.integers(5, 50))):
        length = max(2, round(float(rng.uniform(0.2, TICK_MM)) / MM_PER_COLUMN))
        height = max(1, round(float(rng.uniform(0.05, 0.15)) / surface.mm_per_row))
        row, column = int(rng.integers(ROWS - height)), int(rng.integers(surface.columns - length))
        dash = np.full((height, length), float(rng.uniform(0.06, 0.22)), np.float32)
        dash[:, 0] *= 0.5
        dash[:, -1] *= 0.5
        surface.tone[row : row + height, column : column + length] *= 1.0 - dash


def _add_freckles(rng: np.random.Generator, surface: Surface) -> None:
    """Round specks of a stain's colour, anywhere around."""
    for _ in range(int(rng.integers(0, FRECKLES, endpoint=True))):
        radius_mm, darkness = float(rng.uniform(*FRECKLE_MM)) / 2, float(rng.uniform(*FRECKLE_DARKNESS))
        row, column = rng.uniform(0, ROWS), rng.uniform(0, surface.columns)
        reach_rows, reach = 1.3 * radius_mm / surface.mm_per_row, 1.3 * radius_mm / MM_PER_COLUMN
        rows = np.arange(math.ceil(row - reach_rows), math.floor(row + reach_rows) + 1)
        columns = np.arange(max(0, math.ceil(column - reach)), min(surface.columns, math.floor(column + reach) + 1))
        y, x = (rows - row) * surface.mm_per_row / radius_mm, (columns - column) * MM_PER_COLUMN / radius_mm
        speck = np.clip((1.2 - np.hypot(y[:, None], x[None, :])) / 0.4, 0.0, 1.0)
        surface.stain[np.ix_(rows % ROWS, columns)] += np.asarray(darkness * speck, np.float32)


def _add_node(rng: np.random.Generator, surface: Surface) -> None:
    """A ring around the straw, dark and wavy, with a paler one beside it and a faint shade on both sides."""
    centre_mm = float(rng.uniform(8.0, surface.body.length_mm - 8.0))
    waves = blur_around(rng.standard_normal((ROWS, 1)).astype(np.float32), 40.0)
    waves *= np.float32(rng.uniform(0.05, 0.3)) / (float(waves.std()) + 1e-6)
    place = (np.arange(surface.columns, dtype=np.float32)[None, :] + 0.5) * np.float32(MM_PER_COLUMN)
    distance = place - np.float32(centre_mm) - waves  # (ROWS, columns), mm
    width_mm = float(rng.uniform(0.25, 0.6))
    surface.tone *= 1.0 - np.float32(rng.uniform(0.1, 0.32)) * np.exp(-0.5 * (distance / np.float32(width_mm)) ** 2)
    beside = distance - np.float32(2.2 * width_mm * float(rng.choice([-1.0, 1.0])))
    surface.tone *= 1.0 + np.float32(rng.uniform(0.03, 0.12)) * np.exp(-0.5 * (beside / np.float32(width_mm)) ** 2)
    surface.tone *= 1.0 - np.float32(rng.uniform(0.0, 0.06)) * np.exp(-0.5 * (distance / np.float32(2.0)) ** 2)


def _add_dust(rng: np.random.Generator, surface: Surface) -> None:
    """Specks smaller than any hole, dark or pale."""
    for _ in range(int(rng.integers(0, 9))):
        radius_mm = float(rng.uniform(0.05, DUST_MM / 2))
        rows, columns = max(1, round(radius_mm / surface.mm_per_row)), max(1, round(radius_mm / MM_PER_COLUMN))
        row, column = int(rng.integers(rows, ROWS - rows)), int(rng.integers(columns, surface.columns - columns))
        y = np.arange(-rows, rows + 1, dtype=np.float32)[:, None] / rows
        x = np.arange(-columns, columns + 1, dtype=np.float32)[None, :] / columns
        speck = np.clip(1.3 - np.hypot(y, x), 0.0, 1.0) * float(rng.choice([-0.25, 0.3, 0.5]))
        surface.tone[row - rows : row + rows + 1, column - columns : column + columns + 1] *= (1.0 - speck).astype(
            np.float32
        )
