"""The pixels whose middles an outline encloses or goes through: as if it was drawn nine times as large, without doing so.

Only the rows and columns of that finer picture that go through the middles of pixels are looked at. What they hold is what
OpenCV's fillPoly draws there, to the bit: all between crossings, taken in pairs, and the finer pixels under the outline.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
_Whole = NDArray[np.int64]
_FINER = 9  # odd: a pixel's middle is a pixel of the finer picture
_MIDDLE = (_FINER - 1) // 2
_SHIFT = 4  # points are in sixteenths of a finer pixel
_XY_SHIFT = 16  # crossings are in 65536ths of one, as OpenCV has them


def fill_outline(points: NDArray[np.float64], height_px: int, width_px: int) -> Mask:
    """Return which pixels' middles a closed outline encloses or touches, bool (height, width).

    `points` (n, 2) are x and y in pixels, (0, 0) the middle of the first pixel; they may lie off the picture.
    """
    fixed = np.rint(((points + 0.5) * _FINER - 0.5) * (1 << _SHIFT)).astype(np.int64)  # (n, 2)
    x = fixed[:, 0] << (_XY_SHIFT - _SHIFT)
    y = (fixed[:, 1] + (1 << (_SHIFT - 1))) >> _SHIFT
    mask = np.zeros((height_px, width_px), np.bool_)
    _fill_between(mask, x, y)
    _touch(mask, _rounded(x), y)
    return mask


def _fill_between(mask: Mask, x: _Whole, y: _Whole) -> None:
    """Set what lies between the crossings of each row, taken in pairs."""
    falls = np.roll(y, 1) > y  # each edge comes from the point before
    upper_x, lower_x = np.where(falls, x, np.roll(x, 1)), np.where(falls, np.roll(x, 1), x)
    upper_y, lower_y = np.minimum(np.roll(y, 1), y), np.maximum(np.roll(y, 1), y)
    height, run = np.maximum(lower_y - upper_y, 1), lower_x - upper_x
    slope = np.sign(run) * (np.abs(run) // height)  # cut off towards 0
    edge, row = _ranges(_first_at(upper_y), _last_at(lower_y - 1), len(mask))
    crossing = upper_x[edge] + (_finer(row) - upper_y[edge]) * slope[edge]
    order = np.lexsort((crossing, row))
    row, crossing = row[order], crossing[order]
    starts, ends = -(-crossing[::2] >> _XY_SHIFT), crossing[1::2] >> _XY_SHIFT
    first, last = np.maximum(_first_at(starts), 0), _last_at(ends)
    for each, start, end in zip(row[::2].tolist(), first.tolist(), last.tolist(), strict=True):
        mask[each, start : max(end + 1, 0)] = True


def _touch(mask: Mask, x: _Whole, y: _Whole) -> None:
    """Set the pixels whose middles the outline goes through, drawn by Bresenham's algorithm from left to right."""
    is_swapped = np.roll(x, 1) > x
    left_x, left_y = np.where(is_swapped, x, np.roll(x, 1)), np.where(is_swapped, y, np.roll(y, 1))
    right_x, right_y = np.where(is_swapped, np.roll(x, 1), x), np.where(is_swapped, np.roll(y, 1), y)
    wide, high, down = right_x - left_x, np.abs(right_y - left_y), np.sign(right_y - left_y)
    flat = np.flatnonzero(high <= wide)
    edge, column = _ranges(_first_at(left_x[flat]), _last_at(right_x[flat]), mask.shape[1])
    edge = flat[edge]
    off = _bresenham(_finer(column) - left_x[edge], wide[edge], high[edge])
    _set(mask, left_y[edge] + down[edge] * off, _finer(column))
    steep = np.flatnonzero(high > wide)
    top, bottom = np.minimum(left_y, right_y)[steep], np.maximum(left_y, right_y)[steep]
    edge, row = _ranges(_first_at(top), _last_at(bottom), len(mask))
    edge = steep[edge]
    off = _bresenham(np.abs(_finer(row) - left_y[edge]), high[edge], wide[edge])
    _set(mask, _finer(row), left_x[edge] + off)


def _bresenham(steps: _Whole, length: _Whole, rise: _Whole) -> _Whole:
    """How far a line has come to the side after so many steps, of `length` in all, in which it comes by `rise`."""
    twice = 2 * np.maximum(length, 1)
    return np.asarray(np.maximum(-((length - 2 * rise * steps) // twice), 0), np.int64)


def _set(mask: Mask, y: _Whole, x: _Whole) -> None:
    """Set those of some finer pixels that are the middles of pixels."""
    row, column = (y - _MIDDLE) // _FINER, (x - _MIDDLE) // _FINER
    is_on = (_finer(row) == y) & (_finer(column) == x)
    is_on &= (row >= 0) & (row < mask.shape[0]) & (column >= 0) & (column < mask.shape[1])
    mask[row[is_on], column[is_on]] = True


def _ranges(first: _Whole, last: _Whole, count: int) -> tuple[_Whole, _Whole]:
    """Each number from `first` to `last` that is one of 0..count-1, and before it, of which of the ranges it is."""
    first, last = np.maximum(first, 0), np.minimum(last, count - 1)
    lengths = np.maximum(last - first + 1, 0)
    which = np.repeat(np.arange(len(first)), lengths)
    return which, np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths) + first[which]


def _finer(pixel: _Whole) -> _Whole:
    return pixel * _FINER + _MIDDLE


def _first_at(finer: _Whole) -> _Whole:
    """The first pixel whose middle is at a finer one, or after it."""
    return -((_MIDDLE - finer) // _FINER)


def _last_at(finer: _Whole) -> _Whole:
    """The last pixel whose middle is at a finer one, or before it."""
    return (finer - _MIDDLE) // _FINER


def _rounded(x: _Whole) -> _Whole:
    return (x + (1 << (_XY_SHIFT - 1))) >> _XY_SHIFT
