"""Draws whole parts: good and defective straws, and what does not belong on the belt."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from edge_inspector.recordings import PartKind
from edge_inspector.synthesis.body import NOMINAL_DIAMETER_MM, Body, draw_body
from edge_inspector.synthesis.defects import Defect, DefectKind, Float, draw_defect
from edge_inspector.synthesis.exposure import Piece
from edge_inspector.synthesis.grain import NATURAL, Grain
from edge_inspector.synthesis.surface import ROWS, Surface, draw_surface

WRONG_KINDS = (PartKind.EMPTY, PartKind.TWO, PartKind.HALF, PartKind.TILTED, PartKind.FOREIGN)
HALF_MM = (22.0, 40.0)
TILT_DEG = (5.0, 12.0)
METAL_RGB = (150.0, 154.0, 162.0)


@dataclass(frozen=True, slots=True)
class Part:
    """What lies on the belt: its pieces, and the truth about it. `length_mm` is what the sensor's edges give."""

    kind: PartKind
    pieces: tuple[Piece, ...]
    defects: tuple[Defect, ...]
    length_mm: float
    words: str


def draw_straw(
    rng: np.random.Generator, wanted: tuple[Defect, ...] = (), body: Body | None = None, grain: Grain = NATURAL
) -> Part:
    """One straw with the defects `wanted`, good without any. The same generator state draws the same straw."""
    body = draw_body(rng) if body is None else body
    surface = draw_surface(rng, body, grain)
    profiles: dict[DefectKind, Float] = {}
    drawn = []
    for defect in wanted:
        profiles.setdefault(defect.kind, np.zeros((ROWS, surface.columns), np.float32))
        drawn.append(draw_defect(rng, surface, profiles, defect))
    kind = PartKind.DEFECTIVE if drawn else PartKind.GOOD
    words = "; ".join(defect.describe() for defect in drawn)
    return Part(kind, (Piece(surface, profiles),), tuple(drawn), body.length_mm, words)


def draw_wrong(rng: np.random.Generator, kind: PartKind, grain: Grain = NATURAL) -> Part:
    """What no engine should be asked about; `kind` is one of `WRONG_KINDS`."""
    match kind:
        case PartKind.EMPTY:
            return Part(kind, (), (), 60.0, "nothing on the belt")
        case PartKind.TWO:
            return _two(rng)
        case PartKind.HALF:
            part = draw_straw(rng, body=draw_body(rng, float(rng.uniform(*HALF_MM))), grain=grain)
            return replace(part, kind=kind, words=f"{part.length_mm:.1f} mm long")
        case PartKind.TILTED:
            return _tilted(rng, grain)
        case PartKind.FOREIGN:
            return _foreign(rng)
        case _:
            raise ValueError(f"{kind.value} is not a wrong part")


def _two(rng: np.random.Generator) -> Part:
    """Two straws side by side, touching or nearly so."""
    turn, lag_mm = float(rng.uniform(0, 2 * math.pi)), float(rng.uniform(0.5, 4.0))
    bodies = draw_body(rng), draw_body(rng)
    apart_mm = (bodies[0].diameter_mm + bodies[1].diameter_mm) / 4 + float(rng.uniform(0.3, 0.8))
    pieces: list[Piece] = []
    for body, side in zip(bodies, (1.0, -1.0), strict=True):
        place = (side * apart_mm * math.cos(turn), side * apart_mm * math.sin(turn))
        lag = 0.0 if side > 0 else lag_mm
        pieces += draw_straw(rng, body=replace(body, offset_mm=place, bow_mm=0.0, slope=(0.0, 0.0), lag_mm=lag)).pieces
    length_mm = max(bodies[0].length_mm, bodies[1].length_mm + lag_mm)
    return Part(PartKind.TWO, tuple(pieces), (), length_mm, f"two straws side by side, one {lag_mm:.1f} mm behind")


def _tilted(rng: np.random.Generator, grain: Grain) -> Part:
    """A straw that lies across the travel by more than guides would let it."""
    tilt_deg, turn = float(rng.uniform(*TILT_DEG)), float(rng.uniform(0, 2 * math.pi))
    slope = math.tan(math.radians(tilt_deg))
    body = replace(draw_body(rng), slope=(slope * math.cos(turn), slope * math.sin(turn)))
    part = draw_straw(rng, body=body, grain=grain)
    return replace(part, kind=PartKind.TILTED, words=f"tilted by {tilt_deg:.1f} deg")


def _foreign(rng: np.random.Generator) -> Part:
    """A bolt or a cone of metal, about as long as a straw."""
    length_mm = float(rng.uniform(56.0, 62.0))
    if rng.random() < 0.5:
        head_mm, head = float(rng.uniform(5, 9)), float(rng.uniform(1.8, 2.4))
        steps: tuple[tuple[float, float], ...] = ((0.0, head), (head_mm, head), (head_mm + 0.05, 1.0), (length_mm, 1.0))
        diameter_mm, words = float(rng.uniform(4.5, 6.0)), "a bolt"
    else:
        steps = ((0.0, 0.25), (length_mm, 1.75))
        diameter_mm, words = NOMINAL_DIAMETER_MM * float(rng.uniform(0.8, 1.0)), "a cone"
    if rng.random() < 0.5:
        steps = tuple((length_mm - place, factor) for place, factor in reversed(steps))
    body = replace(draw_body(rng, length_mm), diameter_mm=diameter_mm, bow_mm=0.0, taper=0.0, steps=steps)
    columns = draw_surface(rng, body).columns
    plain = np.ones((ROWS, columns), np.float32)
    surface = Surface(body, plain, np.zeros_like(plain), METAL_RGB, gloss=90.0)
    return Part(PartKind.FOREIGN, (Piece(surface),), (), length_mm, words)
