"""Whether a picture is one that a working camera took just now."""

from __future__ import annotations

import hashlib
import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

DARKEST_MEAN = 5.0  # grey levels of 255
BRIGHTEST_MEAN = 250.0
LEAST_DEVIATION = 1.0  # less than the noise of any sensor
LEAST_SIZE_SHARE = 0.3  # of the median size of recent frames (science.md §8.5)
SIZES_FOR_MEDIAN = 15
USED_PICTURES = 8


def find_unhealthy(grey: NDArray[np.uint8]) -> str | None:
    """Return why a grey picture (height, width) is black, saturated or blank; None when it is not."""
    mean_array, deviation_array = cv2.meanStdDev(grey)
    mean, deviation = float(mean_array[0, 0]), float(deviation_array[0, 0])
    if mean < DARKEST_MEAN:
        return f"black: mean grey {mean:.1f}, least {DARKEST_MEAN:g}; check light and lens"
    if mean > BRIGHTEST_MEAN:
        return f"saturated: mean grey {mean:.1f}, most {BRIGHTEST_MEAN:g}; check exposure"
    if deviation < LEAST_DEVIATION:
        return f"blank: grey deviation {deviation:.2f}, least {LEAST_DEVIATION:g}; check camera and cable"
    return None


def find_shrunken(size_bytes: int, recent_sizes_bytes: Sequence[int]) -> str | None:
    """Return why a JPEG is far too small beside recent ones of its camera: data was lost; None when it is not."""
    if len(recent_sizes_bytes) < SIZES_FOR_MEDIAN:
        return None
    median = statistics.median(recent_sizes_bytes)
    if size_bytes < LEAST_SIZE_SHARE * median:
        return f"JPEG of {size_bytes} bytes, recent ones have {median:.0f}: data was lost"
    return None


@dataclass(slots=True)
class UsedPictures:
    """Remembers the last pictures that became views: a camera never takes the same picture twice."""

    _digests: deque[bytes] = field(default_factory=lambda: deque(maxlen=USED_PICTURES))

    def was_used(self, jpeg: bytes) -> bool:
        """Whether these very bytes were one of the last views."""
        return _digest(jpeg) in self._digests

    def add(self, jpeg: bytes) -> None:
        """These bytes became a view."""
        self._digests.append(_digest(jpeg))


def _digest(jpeg: bytes) -> bytes:
    return hashlib.blake2b(jpeg, digest_size=16).digest()
