"""The pictures that a ring of six cameras takes of one part: training sets and measured parts are seen through it alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_inspector.synthesis.exposure import DEFOCUS_PX, Exposure, Look, Piece, Sensor, draw_look, encode_jpeg, expose
from edge_inspector.synthesis.projection import Camera

ANGLES_DEG = tuple(60.0 * k for k in range(6))
LEAD_MM = 100.0  # of the leading end when the part is in the middle of every view
MOST_SKEW_MM = 3.35  # half a frame period at 200 mm/s


@dataclass(frozen=True, slots=True)
class RingPicture:
    """One camera's picture of the part, as JPEG and before it, and how it was taken."""

    exposure: Exposure
    jpeg: bytes
    lead_mm: float  # of the leading end from the sensor at mid-exposure
    look: Look


def take_pictures(
    rng: np.random.Generator,
    pieces: Sequence[Piece],
    *,
    vibrating: bool,
    defocus_px: tuple[float, float] = DEFOCUS_PX,
) -> tuple[RingPicture, ...]:
    """Take a part's pictures in the order of `ANGLES_DEG`, each at its own moment, by cameras that are drawn anew.

    `vibrating`: each is moved a little; whoever looks at pixels alone learns nothing from it, who measures does.
    """
    sensor = Sensor(rng)
    pictures = []
    for angle_deg in ANGLES_DEG:
        look = draw_look(rng, Camera(angle_deg), defocus_px)
        if vibrating:
            look = look.shaken(rng)
        lead_mm = LEAD_MM + float(rng.uniform(-MOST_SKEW_MM, MOST_SKEW_MM))
        exposure = expose(rng, sensor, look, pieces, lead_mm)
        pictures.append(RingPicture(exposure, encode_jpeg(exposure.rgb, look.jpeg_quality), lead_mm, look))
    return tuple(pictures)
