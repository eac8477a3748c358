"""Cracks, stains and holes, drawn on a straw's unwrapped surface together with the exact mask of each.

A defect's `profile` is its own depth, 0..1; it belongs to the mask where the profile reaches `MASK_LEVEL`, on the surface
and in every view alike. Contrast is the share of the light that the deepest part takes away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.synthesis.surface import MM_PER_COLUMN, ROWS, Surface

MASK_LEVEL = 0.5
SLANT_DEG = (2.0, 8.0)  # of a crack to the straw's axis
END_MM = 1.0  # defects keep so far from the cut ends

Float = NDArray[np.float32]


class DefectKind(StrEnum):
    """What can be wrong with a straw's surface."""

    CRACK = "crack"
    STAIN = "stain"
    HOLE = "hole"


@dataclass(frozen=True, slots=True)
class DefectRange:
    """What is drawn: `size_mm` is the length of a crack, the diameter of a stain or hole; drawn evenly in its logarithm."""

    size_mm: tuple[float, float]
    contrast: tuple[float, float]
    width_mm: tuple[float, float] = (0.0, 0.0)  # of cracks


RANGES = {  # the least contrast is the floor that results are stated for
    DefectKind.CRACK: DefectRange((1.0, 25.0), (0.24, 0.45), (0.1, 0.3)),
    DefectKind.STAIN: DefectRange((1.0, 9.0), (0.13, 0.32)),
    DefectKind.HOLE: DefectRange((0.5, 3.5), (0.4, 0.8)),
}


@dataclass(frozen=True, slots=True)
class Defect:
    """The truth of one defect. `along_mm` from the leading end and `angle_deg` are of its middle."""

    kind: DefectKind
    angle_deg: float
    along_mm: float
    size_mm: float  # length of a crack, diameter of a stain or hole
    width_mm: float
    contrast: float

    def describe(self) -> str:
        """One line for people."""
        size = f"{self.size_mm:.1f} x {self.width_mm:.2f}" if self.kind is DefectKind.CRACK else f"{self.size_mm:.1f}"
        return (
            f"{self.kind.value} {size} mm, {100 * self.contrast:.0f} % dark, at {self.along_mm:.1f} mm, "
            f"{self.angle_deg % 360:.0f} deg"
        )


def draw_defect(rng: np.random.Generator, surface: Surface, profiles: dict[DefectKind, Float], defect: Defect) -> Defect:
    """Draw one defect into the surface and its kind's profile, float32 (ROWS, columns); return it as it was drawn."""
    match defect.kind:
        case DefectKind.CRACK:
            drawn, profile, lip = _crack(rng, surface, defect)
            surface.tone *= (1.0 - np.float32(defect.contrast) * profile) * (1.0 + lip)
        case DefectKind.STAIN:
            drawn, profile = _stain(rng, surface, defect)
            surface.stain += np.float32(defect.contrast) * profile
        case DefectKind.HOLE:
            drawn, profile, lip = _hole(rng, surface, defect)
            surface.tone *= (1.0 - np.float32(defect.contrast) * profile) * (1.0 + lip)
    np.maximum(profiles[defect.kind], profile, out=profiles[defect.kind])
    return drawn


def choose_defect(
    rng: np.random.Generator,
    kind: DefectKind,
    length_mm: float,
    size_mm: tuple[float, float] | None = None,
    contrast: tuple[float, float] | None = None,
    width_mm: tuple[float, float] | None = None,
) -> Defect:
    """Choose what to draw on a straw of `length_mm`, anywhere around it; ranges default to `RANGES`."""
    full = RANGES[kind]
    least, most = size_mm or full.size_mm
    size = float(np.exp(rng.uniform(math.log(least), math.log(min(most, length_mm - 2 * END_MM - 0.5)))))
    half = size / 2 + END_MM
    return Defect(
        kind,
        angle_deg=float(rng.uniform(0, 360)),
        along_mm=float(rng.uniform(half, length_mm - half)),
        size_mm=size,
        width_mm=float(rng.uniform(*(width_mm or full.width_mm))) if kind is DefectKind.CRACK else size,
        contrast=float(rng.uniform(*(contrast or full.contrast))),
    )


def _offsets_mm(surface: Surface, angle_deg: float, along_mm: float) -> tuple[Float, Float]:
    """Distance of every cell from a place: around (ROWS, 1), the shorter way, and along (1, columns)."""
    rows = np.arange(ROWS, dtype=np.float32) - np.float32(angle_deg / 360 * ROWS)
    rows = (rows + ROWS / 2) % ROWS - ROWS / 2
    columns = (np.arange(surface.columns, dtype=np.float32) + 0.5) * np.float32(MM_PER_COLUMN) - np.float32(along_mm)
    return (rows * np.float32(surface.mm_per_row))[:, None], columns[None, :]


def _crack(rng: np.random.Generator, surface: Surface, defect: Defect) -> tuple[Defect, Float, Float]:
    """A jagged line that slants to the grain, tapers to both ends, and has a faint bright lip on one side."""
    around_mm, along_mm = _offsets_mm(surface, defect.angle_deg, defect.along_mm)
    share = along_mm[0] / np.float32(defect.size_mm) + np.float32(0.5)  # 0..1 from end to end
    inside = (share >= 0) & (share <= 1)
    knots = max(4, round(defect.size_mm / 0.8))
    wobble = cv2.resize(rng.standard_normal((1, knots)).astype(np.float32), (512, 1), interpolation=cv2.INTER_CUBIC)[0]
    wobble_mm = np.float32(0.07 * min(1.0, (2 + defect.size_mm) / 8)) * np.interp(share, np.linspace(0, 1, 512), wobble)
    slope = math.tan(math.radians(float(rng.choice([-1.0, 1.0]) * rng.uniform(*SLANT_DEG))))
    middle_mm = (np.float32(slope) * along_mm[0] + wobble_mm).astype(np.float32)  # (columns,)
    from_end_mm = np.minimum(share, 1 - share) * np.float32(defect.size_mm)
    taper = np.clip(from_end_mm / np.float32(min(1.2, 0.3 * defect.size_mm)), 0.0, 1.0)
    half_mm = np.float32(defect.width_mm / 2) * np.sqrt(np.float32(0.25) + np.float32(0.75) * taper)
    distance_mm = around_mm - middle_mm[None, :]  # (ROWS, columns)
    edge_mm = np.float32(max(surface.mm_per_row, 0.03))
    profile = np.clip((half_mm[None, :] - np.abs(distance_mm)) / edge_mm + np.float32(0.5), 0.0, 1.0)
    profile *= (np.float32(0.62) + np.float32(0.38) * taper)[None, :] * inside[None, :]
    lip_mm = (half_mm[None, :] + np.float32(0.06)) * np.float32(rng.choice([-1.0, 1.0]))
    lip = np.float32(rng.uniform(0.02, 0.08)) * np.exp(-0.5 * ((distance_mm - lip_mm) / np.float32(0.05)) ** 2)
    return defect, profile.astype(np.float32), (lip * inside[None, :]).astype(np.float32)


def _stain(rng: np.random.Generator, surface: Surface, defect: Defect) -> tuple[Defect, Float]:
    """A blot with a soft, uneven outline, somewhat longer along the grain than around."""
    around_mm, along_mm = _offsets_mm(surface, defect.angle_deg, defect.along_mm)
    aspect = float(rng.uniform(1.0, 1.7))
    across = min(defect.size_mm / aspect, 0.8 * surface.body.circumference_mm)
    y, x = around_mm / np.float32(across / 2), along_mm / np.float32(defect.size_mm / 2)
    direction = np.arctan2(y, x)
    outline = np.ones_like(direction)
    for k in range(2, 6):
        outline += np.float32(rng.uniform(0, 0.16 / k * 2)) * np.cos(k * direction + np.float32(rng.uniform(0, 6.28)))
    outline /= np.float32(1.15)  # the outermost point comes to about the size drawn
    softness = np.float32(rng.uniform(0.25, 0.6))
    depth = np.clip((outline - np.hypot(y, x)) / softness + np.float32(0.5), 0.0, 1.0)
    profile = depth * depth * (3 - 2 * depth)
    return replace(defect, width_mm=across), profile.astype(np.float32)


def _hole(rng: np.random.Generator, surface: Surface, defect: Defect) -> tuple[Defect, Float, Float]:
    """A dark opening with a sharp edge, round or somewhat longer along the grain, lit on one side of its rim."""
    around_mm, along_mm = _offsets_mm(surface, defect.angle_deg, defect.along_mm)
    aspect = float(rng.uniform(1.0, 1.5))
    half_around, half_along = defect.size_mm / aspect / 2, defect.size_mm / 2
    y, x = around_mm / np.float32(half_around), along_mm / np.float32(half_along)
    direction = np.arctan2(y, x)
    outline = 1 + np.float32(rng.uniform(0, 0.08)) * np.cos(3 * direction + np.float32(rng.uniform(0, 6.28)))
    beyond_mm = (np.hypot(y, x) - outline) * np.float32(min(half_around, half_along))
    profile = np.clip(np.float32(0.5) - beyond_mm / np.float32(0.08), 0.0, 1.0)
    rim = np.exp(-0.5 * ((beyond_mm - np.float32(0.08)) / np.float32(0.06)) ** 2)
    rim *= np.clip(np.cos(direction - np.float32(rng.uniform(0, 6.28))), 0, 1) * np.float32(rng.uniform(0, 0.2))
    width_mm = 2 * half_around
    return replace(defect, width_mm=width_mm), profile.astype(np.float32), rim.astype(np.float32)
