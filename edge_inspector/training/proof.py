"""What proofs on real pictures share: how bright pictures are, whether a mark lies on its label, counts in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.records import VerdictRecord
from edge_inspector.training.metrics.intervals import proportion_interval


@dataclass(frozen=True, slots=True)
class GreyRange:
    """Least and most mean grey level of some pictures, and the least standard deviation within one."""

    least_mean: float
    most_mean: float
    least_deviation: float


def grey_range(pictures: Iterable[NDArray[np.uint8]]) -> GreyRange:
    """Look at pictures, uint8 (h, w) or RGB (h, w, 3), one after the other."""
    means, deviations = [], []
    for picture in pictures:
        grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        mean, deviation = cv2.meanStdDev(grey)
        means.append(float(mean[0, 0]))
        deviations.append(float(deviation[0, 0]))
    return GreyRange(min(means), max(means), min(deviations))


def rejecting_engines(verdict: VerdictRecord) -> frozenset[str]:
    """The engines by whose findings the part was rejected."""
    return frozenset(finding.engine for finding in verdict.findings if finding.rejects)


def is_marked(verdict: VerdictRecord, camera: str, mask: NDArray[np.uint8], engine: str) -> bool:
    """Whether the box of a finding of `engine` that rejects holds labelled pixels of `mask`, uint8 (h, w) of that camera's
    view.
    """
    return any(
        finding.rejects
        and finding.engine == engine
        and camera in finding.cameras
        and bool(
            np.any(mask[finding.y_px : finding.y_px + finding.height_px, finding.x_px : finding.x_px + finding.width_px])
        )
        for finding in verdict.findings
    )


def interval_words(count: int, n: int) -> str:
    """Count, share and its exact 95 % interval (Clopper and Pearson 1934); one-sided where none or all were counted.

    >>> interval_words(1, 20)
    '1 of 20, 5.0 % (0.1 to 24.9 %)'
    """
    if n == 0:
        return "0 of 0"
    low, high = proportion_interval(count, n)
    return f"{count} of {n}, {100 * count / n:.1f} % ({100 * low:.1f} to {100 * high:.1f} %)"
