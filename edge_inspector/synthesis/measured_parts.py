"""The parts that inspectors are measured on: whichever inspector it is, the same seed shows it the same pictures.

Each part is one straw of a station of its own, with at most one defect, so that a miss is the miss of one thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import numpy as np

from edge_inspector.recordings import PartKind
from edge_inspector.synthesis.body import draw_body
from edge_inspector.synthesis.defects import RANGES, DefectKind, choose_defect
from edge_inspector.synthesis.part import Part, draw_straw, draw_wrong
from edge_inspector.synthesis.ring_pictures import RingPicture, take_pictures

SMALL_MM = (1.0, 2.0)
MUST_FIND_MM = 2.0
CRACK_WIDTH_MM = 0.16  # of the thinnest crack that must be found
STREAM = 0x6D656173  # keeps these parts apart from those that the same seed draws for training and sessions


class Stratum(StrEnum):
    """What is drawn. The order is part of the seed: new ones go to the end."""

    GOOD = "good"
    MUST_FIND = (
        "must_find"  # one defect of the kinds in turn: over 2 mm long (crack) or across; cracks at least 0.16 mm wide
    )
    SMALL = "small"  # the same, but 1 to 2 mm
    THIN = "thin"  # a crack over 2 mm long, but thinner than 0.16 mm
    EMPTY = "empty"
    TWO = "two"
    HALF = "half"
    TILTED = "tilted"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class MeasuredPart:
    """A part and its six views, in the order of `ring_pictures.ANGLES_DEG`."""

    part: Part
    views: tuple[RingPicture, ...]


def draw_measured_part(seed: int, number: int, what: Stratum) -> MeasuredPart:
    """Draw part `number` of a stratum: the same one for the same arguments."""
    rng = np.random.default_rng((seed, STREAM, list(Stratum).index(what), number))
    part = _draw(rng, what, tuple(DefectKind)[number % len(DefectKind)])
    return MeasuredPart(part, take_pictures(rng, part.pieces, vibrating=True))


def _draw(rng: np.random.Generator, what: Stratum, kind: DefectKind) -> Part:
    """`kind` is whose turn it is, where the stratum has several."""
    most_width_mm = RANGES[DefectKind.CRACK].width_mm[1]
    match what:
        case Stratum.GOOD:
            return draw_straw(rng)
        case Stratum.MUST_FIND:
            size_mm = (MUST_FIND_MM, RANGES[kind].size_mm[1])
            return _defective(rng, kind, size_mm, (CRACK_WIDTH_MM, most_width_mm))
        case Stratum.SMALL:
            return _defective(rng, kind, SMALL_MM, (CRACK_WIDTH_MM, most_width_mm))
        case Stratum.THIN:
            crack = RANGES[DefectKind.CRACK]
            thin_mm = (crack.width_mm[0], CRACK_WIDTH_MM)
            return _defective(rng, DefectKind.CRACK, (MUST_FIND_MM, crack.size_mm[1]), thin_mm)
        case Stratum.EMPTY | Stratum.TWO | Stratum.HALF | Stratum.TILTED | Stratum.FOREIGN:
            return draw_wrong(rng, PartKind(what.value))
        case _:
            assert_never(what)


def _defective(
    rng: np.random.Generator, kind: DefectKind, size_mm: tuple[float, float], width_mm: tuple[float, float]
) -> Part:
    """One straw with one defect, of the contrasts that are drawn for training."""
    body = draw_body(rng)
    return draw_straw(rng, (choose_defect(rng, kind, body.length_mm, size_mm, width_mm=width_mm),), body)
