"""Where the true edge of a lit rod lies in a blurred profile across it.

A profile from outside inwards, at depth d behind the edge: background + (step + rise * sqrt(d)) for d > 0, seen through a
Gaussian lens and pixels of width 1. The root is the brightness of a cylinder near its rim, whose surface turns away as
sqrt(2 d / R) there; where the rim is as bright as the rest, `rise` is none. Background, step and rise are linear; place and
blur are tried on a grid.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

OFFSETS_PX: Float = np.arange(-8.0, 6.01, 0.5)  # of a profile's samples, negative outside
_PLACES_PX = np.arange(-3.0, 3.01, 0.125)
_BLURS_PX = (0.5, 0.65, 0.8, 0.95, 1.1, 1.25, 1.4, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.2, 3.6)
_FINE = 16  # steps a pixel in which the blurred shapes are computed


def place_edge(profile: Float) -> float | None:
    """Return where the edge is, px of `OFFSETS_PX`, in a profile sampled there: float64 (29,), little noise, any scale.

    The least-squares fit over place and blur, to about 0.1 px. None where the best is at the end of what is tried: the
    edge is blurred by 3.6 px or more, or lies 3 px or more from offset 0, and could be anywhere.
    """
    explained = profile @ _BASES  # (places, blurs, 3)
    best = int(np.argmax(np.square(explained).sum(axis=2)))  # the least squared residual, since bases are orthonormal
    place, blur = divmod(best, len(_BLURS_PX))
    if place in (0, len(_PLACES_PX) - 1) or blur == len(_BLURS_PX) - 1:
        return None
    return float(_PLACES_PX[place])


def _make_bases() -> Float:
    """Return orthonormal bases, float64 (places, blurs, samples, 3), of the profiles with an edge at each place."""
    depth = np.arange(-24.0, 24.0, 1 / _FINE)
    step = (depth >= 0).astype(np.float64)
    root = np.sqrt(np.maximum(depth, 0.0))
    bases = np.empty((len(_PLACES_PX), len(_BLURS_PX), len(OFFSETS_PX), 3))
    for j, blur_px in enumerate(_BLURS_PX):
        reach = np.arange(-4 * _FINE * 3, 4 * _FINE * 3 + 1) / _FINE
        lens = np.convolve(np.exp(-0.5 * (reach / blur_px) ** 2), np.ones(_FINE), "same")
        lens /= lens.sum()
        blurred = [np.convolve(shape, lens, "same") for shape in (step, root)]
        for i, place_px in enumerate(_PLACES_PX):
            seen = [np.interp(OFFSETS_PX - place_px, depth, shape) for shape in blurred]
            bases[i, j] = np.linalg.qr(np.stack([np.ones_like(OFFSETS_PX), *seen], axis=1))[0]
    return bases


_BASES = _make_bases()  # at import, tens of milliseconds: no part should pay for it
