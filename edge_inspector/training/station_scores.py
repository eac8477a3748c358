"""What a station compares with a cut: the score of the highest region of a view, as inference and decision compute it.

A region holds what lies together above `t_low`, which is at most half of the cut. So a crack that is found in pieces scores
less there than the whole map does, and the score is known only with `t_low`: it is computed for each of `REGION_STARTS`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge_inspector.decision.regions import ViewScale, region_score
from edge_inspector.domain.judgement import NotJudged
from edge_inspector.inference.map_regions import judge_map, map_score

# Where regions may begin, highest first: few, since each is looked at in every picture. The higher, the fewer regions.
REGION_STARTS = (0.25, 0.12, 0.06, 0.03, 0.015, 0.005)


def station_scores(probability: NDArray[np.float32], smallest_defect_px: int) -> tuple[float, ...]:
    """Of one view's map, float32 (h, w), finite: its score with regions that begin at each of REGION_STARTS.

    Where nothing is marked no cut can be reached: then it is the whole map's, which lies below the start. NaN where there
    are more regions than a station takes.
    """
    whole, highest = map_score(probability, smallest_defect_px), float(probability.max())
    return tuple(
        _score(probability, smallest_defect_px, t_low) if highest > np.float32(t_low) else whole for t_low in REGION_STARTS
    )


def _score(probability: NDArray[np.float32], smallest_defect_px: int, t_low: float) -> float:
    judged = judge_map(probability, t_low, smallest_defect_px)
    if isinstance(judged, NotJudged):
        return math.nan
    height_px, width_px = probability.shape
    scale = ViewScale(height_px, width_px, height_px, width_px, 1.0, t_low, smallest_defect_px)
    return max(region_score(region, scale) for region in judged.regions)
