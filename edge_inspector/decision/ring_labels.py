"""Connected places on a map whose rows may go around: the row after the last one is then the first."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int32]


def label_on_ring(mask: Mask, *, goes_around: bool) -> tuple[int, Labels]:
    """Return how many 8-connected places a mask, bool (h, w), has, and which each cell belongs to: 1..count, 0 outside.

    Places that meet across the last and the first row are one where the map goes around.
    """
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    if not goes_around or count <= 2:
        return count - 1, np.asarray(labels, np.int32)
    parent = np.arange(count)
    first, last = labels[0], labels[-1]
    for shift in (-1, 0, 1):
        below = np.zeros_like(first)
        below[max(0, -shift) : first.size - max(0, shift)] = first[max(0, shift) : first.size - max(0, -shift)]
        for upper, lower in set(zip(last.tolist(), below.tolist(), strict=True)):
            if upper and lower:
                parent[_root(parent, upper)] = _root(parent, lower)
    roots = np.array([_root(parent, label) for label in range(count)])
    kept, renumbered = np.unique(roots, return_inverse=True)  # 0 is its own root and stays 0
    return kept.size - 1, np.asarray(renumbered[labels], np.int32)


def _root(parent: npt.NDArray[np.int64], label: int) -> int:
    while parent[label] != label:
        label = int(parent[label])
    return label


def unrolled_rows(is_taken: Mask, *, goes_around: bool) -> npt.NDArray[np.intp]:
    """Return the rows from the first to the last one taken, in order, as indices; `is_taken`, bool (h,), is not all False.

    Where the map goes around they begin after the widest gap, so that a place across the seam comes out whole.

    >>> unrolled_rows(np.array([1, 1, 0, 0, 0, 1], bool), goes_around=True).tolist()
    [5, 0, 1]
    """
    taken = np.flatnonzero(is_taken)
    if not goes_around:
        return np.arange(taken[0], taken[-1] + 1)
    following = np.append(taken[1:], taken[0] + is_taken.size)
    widest = int(np.argmax(following - taken))
    start, end = int(following[widest]), int(taken[widest])
    return (start + np.arange((end - start) % is_taken.size + 1)) % is_taken.size
