"""From a probability map to a judgement: one score for the view, and the regions that the rules will weigh."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.judgement import Judged, NotJudged, NotJudgedReason, Region

MOST_REGIONS = 200
MOST_REGION_BYTES = 1 << 20  # of all crops of one view; the bus refuses a payload of 16 MiB
BOX_PX = 3

FloatMap = NDArray[np.float32]
ByteMap = NDArray[np.uint8]


def judge_map(
    probability: FloatMap,
    t_low: float,
    smallest_defect_px: int,
    *,
    most_regions: int = MOST_REGIONS,
    most_region_bytes: int = MOST_REGION_BYTES,
) -> Judged | NotJudged:
    """Judge one view by its map: float32 (h, w), 0..1.

    Every pixel above `t_low` (compared in float32) is in exactly one region. A map with a value that is no probability,
    or with more regions or bytes than the bounds, is not judged: half of a map's regions would be a false judgement.
    """
    lowest, highest = float(probability.min()), float(probability.max())  # NaN anywhere makes both NaN
    if not (lowest >= 0.0 and highest <= 1.0):
        return NotJudged(
            NotJudgedReason.NOT_A_NUMBER, f"the map's values range from {lowest:g} to {highest:g}, expected 0 to 1"
        )
    score = map_score(probability, smallest_defect_px)
    if not highest > np.float32(t_low):  # the usual case; labelling an empty map costs 1.3 ms
        return Judged(score, t_low, ())
    above: ByteMap = (probability > np.float32(t_low)).view(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(above, connectivity=8, ltype=cv2.CV_32S)
    sizes = boxes[1:, cv2.CC_STAT_WIDTH].astype(np.int64) * boxes[1:, cv2.CC_STAT_HEIGHT]
    if count - 1 > most_regions or int(sizes.sum()) > most_region_bytes:
        return NotJudged(
            NotJudgedReason.TOO_MANY_REGIONS,
            f"{count - 1} regions with boxes of {int(sizes.sum())} px, bounds are {most_regions} and {most_region_bytes}; "
            "look at the picture: light, focus or product are not what the engine was made for",
        )
    return Judged(score, t_low, tuple(_crop(probability, labels, label, boxes[label], t_low) for label in range(1, count)))


def map_score(probability: FloatMap, smallest_defect_px: int) -> float:
    """Return the mean of the `smallest_defect_px` largest values of the 3x3-box-filtered map (science.md §6.4).

    Beyond the border the map repeats its border pixels, so that a defect at the edge counts like one inside. A map
    smaller than `smallest_defect_px` is averaged whole.
    """
    filtered: FloatMap = cv2.blur(probability, (BOX_PX, BOX_PX), borderType=cv2.BORDER_REPLICATE)
    return min(1.0, max(0.0, _mean_of_largest(filtered, min(smallest_defect_px, filtered.size))))


def byte_floor(t_low: float) -> int:
    """Return the least 8-bit probability above `t_low`: 1..255.

    >>> byte_floor(0.25), byte_floor(0.0)
    (64, 1)
    """
    return math.floor(255.0 * t_low) + 1


def to_bytes(probability: FloatMap) -> ByteMap:
    """Return a map of 0..1 in 8 bits, halves rounded up: floor(255 p + 0.5).

    >>> to_bytes(np.array([0.0, 0.5, 1.0], np.float32)).tolist()
    [0, 128, 255]
    """
    return (probability * np.float32(255.0) + np.float32(0.5)).astype(np.uint8)


def _mean_of_largest(values: FloatMap, count: int) -> float:
    """Mean of the `count` largest values; exact, but sorts only what can be among them (0.1 ms where sorting takes 2)."""
    tops = values.max(axis=0)  # one of each column: their count-th largest is at most the map's count-th largest
    bound = np.partition(tops, tops.size - count)[tops.size - count] if count <= tops.size else np.float32(-1.0)
    above = values[values > bound]
    if above.size >= count:
        largest = np.partition(above, above.size - count)[above.size - count :]
        return float(largest.mean(dtype=np.float64))
    # fewer than `count` lie above the bound, so that all the rest of the `count` largest are equal to it
    return (float(above.sum(dtype=np.float64)) + (count - above.size) * float(bound)) / count


def _crop(probability: FloatMap, labels: NDArray[np.int32], label: int, box: NDArray[np.int32], t_low: float) -> Region:
    x, y, width, height = (int(v) for v in box[:4])
    inside = (slice(y, y + height), slice(x, x + width))
    # rounding may not take a pixel back below t_low: whoever compares the bytes with t_low finds the same pixels
    rounded = np.maximum(to_bytes(probability[inside]), np.uint8(byte_floor(t_low)))
    rounded[labels[inside] != label] = 0
    return Region(x, y, width, height, rounded.tobytes())
