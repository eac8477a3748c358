"""Masks as run lengths: as Severstal and other competitions write them, and as COCO does (science.md §10.2).

Both go down the columns, left to right. A competition's runs name their starts, counted from 1; COCO's counts alternate
between pixels outside and inside, outside first, as numbers or packed into text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingDataError

Mask = NDArray[np.bool_]
MOST_DIGITS = 12  # of a number of pixels: int() raises at thousands of them
_MORE = 0x20  # of a packed group: another one follows
_SIGN = 0x10  # the highest bit of a group's five


def decode_runs(text: str, height_px: int, width_px: int) -> Mask:
    """Return the mask of `start length start length …`, bool (height, width); an empty text is an empty mask.

    Raises TrainingDataError for numbers odd in count, no whole numbers, out of order, overlapping or off the picture.

    >>> decode_runs("2 3", 3, 4).nonzero()
    (array([0, 1, 2]), array([1, 0, 0]))
    """
    words = text.split()
    if not all(word.isascii() and word.isdigit() and len(word) <= MOST_DIGITS for word in words):
        raise TrainingDataError(f"run lengths {_shown(text)} hold more than whole numbers of pixels")
    if len(words) % 2:
        raise TrainingDataError(
            f"run lengths {_shown(text)} are {len(words)} numbers, allowed are pairs of start and length"
        )
    numbers = [int(word) for word in words]
    flat = np.zeros(height_px * width_px, np.bool_)
    end = 0
    for start, length in zip(numbers[::2], numbers[1::2], strict=True):
        first = start - 1  # counted from 1
        if start < 1 or length < 1 or first + length > flat.size:
            raise TrainingDataError(
                f"run {start} {length} is off the picture, allowed is 1 to {flat.size} ({height_px} x {width_px} px)"
            )
        if first < end:
            raise TrainingDataError(f"run {start} {length} begins before the one before it ends, allowed are runs in order")
        end = first + length
        flat[first:end] = True
    return flat.reshape(width_px, height_px).T


def encode_runs(mask: Mask) -> str:
    """Return a mask, bool (height, width), as `start length start length …`.

    >>> encode_runs(np.array([[0, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]], bool))
    '2 3'
    """
    flat = np.concatenate(([False], mask.T.reshape(-1), [False]))
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    starts, ends = changes[::2], changes[1::2]
    return " ".join(f"{start + 1} {end - start}" for start, end in zip(starts, ends, strict=True))


def decode_counts(counts: str | Sequence[int], height_px: int, width_px: int) -> Mask:
    """Return the mask of COCO's counts, packed or not, bool (height, width).

    Raises TrainingDataError if they do not add up to the picture, or text is no packed counts.

    >>> np.array_equal(decode_counts("138", 3, 4), decode_counts([1, 3, 8], 3, 4))
    True
    """
    numbers = unpack_counts(counts) if isinstance(counts, str) else list(counts)
    if any(number < 0 for number in numbers) or sum(numbers) != height_px * width_px:
        total = f"{sum(numbers)} px" if abs(sum(numbers)) < 10**MOST_DIGITS else "more than any picture has"
        raise TrainingDataError(
            f"counts of {len(numbers)} runs add up to {total}, allowed is the picture's {height_px * width_px} "
            f"({height_px} x {width_px} px)"
        )
    inside = np.arange(len(numbers)) % 2 == 1
    return np.repeat(inside, numbers).reshape(width_px, height_px).T


def encode_counts(mask: Mask) -> list[int]:
    """Return a mask, bool (height, width), as COCO's counts."""
    flat = np.concatenate(([False], mask.T.reshape(-1)))  # counts begin outside
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    return [int(count) for count in np.diff(np.concatenate(([0], ends, [flat.size - 1])))]


def pack_counts(counts: Sequence[int]) -> str:
    """Return COCO's counts as its text: from the fourth on the difference to the last but one, five bits a character.

    >>> pack_counts([1, 3, 8])
    '138'
    """
    text = []
    for i, count in enumerate(counts):
        number = count - counts[i - 2] if i > 2 else count
        while True:
            group = number & 0x1F
            number >>= 5
            is_last = number == (-1 if group & _SIGN else 0)
            text.append(chr(48 + (group if is_last else group | _MORE)))
            if is_last:
                break
    return "".join(text)


def unpack_counts(text: str) -> list[int]:
    """Undo `pack_counts`; raises TrainingDataError for characters that it never writes, or a text that is cut off."""
    counts: list[int] = []
    number = shift = 0
    for character in text:
        group = ord(character) - 48
        if not 0 <= group < 64:
            raise TrainingDataError(f"packed counts {_shown(text)} hold {character!r}, allowed are '0' to 'o'")
        number |= (group & 0x1F) << shift
        shift += 5
        if group & _MORE:
            continue
        if group & _SIGN:
            number -= 1 << shift
        counts.append(number + counts[-2] if len(counts) > 2 else number)
        number = shift = 0
    if shift:
        raise TrainingDataError(f"packed counts {_shown(text)} are cut off")
    return counts


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "…")
