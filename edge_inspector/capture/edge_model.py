"""Where the true edges of a lit rod lie in blurred profiles across them.

A profile from outside inwards, at depth d behind the edge: background + (step + rise * sqrt(d)) for d > 0, seen through a
Gaussian lens and pixels of width 1. The root is the brightness of a cylinder near its rim, whose surface turns away as
sqrt(2 d / R) there; where the rim is as bright as the rest, `rise` is none. Background, step and rise are linear; place and
blur are tried on a grid. The blur is the lens's, one for all edges of a view.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

OFFSETS_PX: Float = np.arange(-8.0, 6.01, 0.5)  # of a profile's samples, negative outside
_PLACES_PX = np.arange(-3.0, 3.01, 0.125)
_BLURS_PX = (0.5, 0.65, 0.8, 0.95, 1.1, 1.25, 1.4, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.2, 3.6)
STRANGE = 0.006  # squared residual, of samples 0..1, from which a profile is none of a lit rod; good ones leave 0.001
_FINE = 16  # steps a pixel in which the blurred shapes are computed


def place_edges(profiles: Float) -> Float | None:
    """Return where each edge is, float64 (n,) px of `OFFSETS_PX`, in profiles sampled there, from 0 to 1: float64 (n, 29).

    The least-squares fit over place and the common blur, to about 0.1 px; 0 for a profile that is none of such an edge,
    with a dark grain or a glint at its rim. None where the lens blurs by 3.6 px or more: an edge could be anywhere.
    """
    along_bases = (profiles @ _BASES).reshape(len(profiles), 3, len(_PLACES_PX), len(_BLURS_PX))
    explained = np.square(along_bases).sum(axis=1)  # (n, places, blurs)
    left = np.square(profiles).sum(axis=1)[:, None] - explained.max(axis=1)  # (n, blurs): squared residual, best place
    blur = int(np.argmin(np.minimum(left, STRANGE).sum(axis=0)))
    if blur == len(_BLURS_PX) - 1:
        return None
    places = _PLACES_PX[np.argmax(explained[:, :, blur], axis=1)]
    return np.where(left[:, blur] < STRANGE, places, 0.0)


def _make_bases() -> Float:
    """Return orthonormal bases, float64 (samples, 3 * places * blurs), of the profiles with an edge at each place."""
    depth = np.arange(-24.0, 24.0, 1 / _FINE)
    step = (depth >= 0).astype(np.float64)
    root = np.sqrt(np.maximum(depth, 0.0))
    bases = np.empty((len(OFFSETS_PX), 3, len(_PLACES_PX), len(_BLURS_PX)))
    for j, blur_px in enumerate(_BLURS_PX):
        reach = np.arange(-4 * _FINE * 3, 4 * _FINE * 3 + 1) / _FINE
        lens = np.convolve(np.exp(-0.5 * (reach / blur_px) ** 2), np.ones(_FINE), "same")
        lens /= lens.sum()
        blurred = [np.convolve(shape, lens, "same") for shape in (step, root)]
        for i, place_px in enumerate(_PLACES_PX):
            seen = [np.interp(OFFSETS_PX - place_px, depth, shape) for shape in blurred]
            bases[:, :, i, j] = np.linalg.qr(np.stack([np.ones_like(OFFSETS_PX), *seen], axis=1))[0]
    return bases.reshape(len(OFFSETS_PX), -1)


_BASES = _make_bases()  # at import, tens of milliseconds: no part should pay for it
