"""Pictures that show the same although their pixels differ: coded anew, scaled, brightened, mirrored or turned.

Compared is the fine structure of small thumbnails, each place in its own contrast, so that neither the light nor one strong
edge decides. What two pictures share is their correlation, the highest over the eight ways to mirror and turn one of them.

Measured with 312 pictures of seven real sets and of generated straws, likeness from 0.93 on. Found are all copies scaled to
70 %, 99.7 % of those mirrored, turned and coded at JPEG quality 80, 98 % of those coded at 60 and 86 % at 30, and 96 % of
those brightened until they saturate; of those cut by 1 % of a side only 10 %, for which the thumbnail is too fine. Different
straws, all before the same dark background, reach 0.88 (5000 pictures), other surfaces 0.67. What stands still in every
picture makes them alike: pictures of one spindle at several dates reach 0.99.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.imaging.pages import as_rgb

Structure = NDArray[np.float32]  # (SIDE_PX, SIDE_PX), of length 1 and mean 0
SIDE_PX = 48
ALIKE = 0.93  # least correlation of copies, see above
MOST_PAIRS = 100_000  # kept; a set with more is one of which all pictures are alike
LEAST_CONTRAST = 0.2  # grey levels, of a thumbnail's fine structure; lens and sensor alone make less, real sets 0.9 and more
_COARSE_PX = 2.0  # sigma: what is coarser is light and shade
_AROUND_PX = 4.0  # sigma of the neighbourhood whose contrast becomes 1
_NOISE = 2.0  # grey levels, added to that contrast: what a codec changes must not be made large
_TURNS = 8
_BLOCK = 256  # thumbnails that are compared with all others at once


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures by their positions, `first` < `second`; `is_turned`: one is mirrored or turned against the other."""

    first: int
    second: int
    likeness: float
    is_turned: bool


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs by position. `is_all` is false where there were more than MOST_PAIRS and the rest is not told."""

    found: tuple[Pair, ...]
    is_all: bool


def structure_of(picture: NDArray[np.uint8]) -> Structure | None:
    """The fine structure of a picture, uint8 (h, w, c); None where it shows none to speak of.

    The thumbnail of a turned picture is the turned thumbnail, also where the picture is no square.
    """
    grey = cv2.cvtColor(as_rgb(picture), cv2.COLOR_RGB2GRAY)
    grey = grey.astype(np.float32)  # in whole grey levels faint structure would be lost
    small = np.asarray(cv2.resize(grey, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.float32)
    fine = small - _coarse(small)
    if fine.std() < LEAST_CONTRAST:
        return None
    even = fine / np.sqrt(_blurred(fine * fine, _AROUND_PX) + np.float32(_NOISE**2))
    even -= even.mean()
    return np.asarray(even / np.linalg.norm(even), np.float32)


def find_alike(
    structures: NDArray[np.float32], at_least: float = ALIKE, progress: Callable[[float], None] = lambda share: None
) -> Pairs:
    """Return all pairs of structures, float32 (n, SIDE_PX, SIDE_PX), that are alike, in the order of their positions."""
    count = len(structures)
    flat = structures.reshape(count, structures.shape[1] ** 2)  # (n, side*side)
    found: list[Pair] = []
    for start in range(0, count, _BLOCK):
        block = structures[start : start + _BLOCK]  # (b, side, side)
        others = flat[start:]  # (m, side*side)
        best = block.reshape(len(block), -1) @ others.T  # (b, m)
        upright = best.copy()
        for turned in _turned(block):
            np.maximum(best, turned.reshape(len(block), -1) @ others.T, out=best)
        rows, columns = np.nonzero(np.triu(best >= at_least, 1))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            if len(found) == MOST_PAIRS:
                return Pairs(tuple(found), is_all=False)
            likeness = float(best[row, column])
            is_turned = bool(upright[row, column] < at_least)
            found.append(Pair(start + row, start + column, min(likeness, 1.0), is_turned))
        progress(min(1.0, (start + _BLOCK) / count))
    return Pairs(tuple(found), is_all=True)


def _coarse(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """Light and shade, which go on beyond the border as they come to it: else every slope would leave a mark there."""
    reach = math.ceil(4 * _COARSE_PX)
    wider = np.pad(small, reach, mode="reflect", reflect_type="odd")
    return _blurred(wider, _COARSE_PX)[reach:-reach, reach:-reach]


def _turned(block: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """The seven ways to mirror and turn pictures, (n, side, side), other than not at all."""
    for way in range(1, _TURNS):
        seen = block[:, :, ::-1] if way >= _TURNS // 2 else block
        yield np.ascontiguousarray(np.rot90(seen, way % (_TURNS // 2), axes=(1, 2)))


def _blurred(picture: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT), np.float32)
