"""A part is scored for its cut as the station will score it: by inference's regions and decision's score of each."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_inspector.decision.flat_fusion import measure_views
from edge_inspector.domain.judgement import Judged
from edge_inspector.inference.map_regions import MOST_REGIONS, judge_map, map_score
from edge_inspector.training.station_scores import REGION_STARTS, station_scores
from tests.decision import builders as b

SMALLEST_PX = 9  # as of the builders' engines


def blobs(seed: int, count: int) -> NDArray[np.float32]:
    """Blurred squares of all strengths, float32, as large as a builder's view."""
    rng = np.random.default_rng(seed)
    probability = np.zeros((b.HEIGHT_PX, b.WIDTH_PX), np.float32)
    for _ in range(count):
        y, x, side = int(rng.integers(28)), int(rng.integers(124)), int(rng.integers(2, 12))
        probability[y : y + side, x : x + side] = rng.random()
    return np.asarray(cv2.blur(probability, (3, 3)), np.float32)


@given(seed=st.integers(0, 10_000), count=st.integers(0, 6), number=st.integers(0, len(REGION_STARTS) - 1))
def test_a_score_reaches_a_cut_if_and_only_if_the_station_finds_a_place_there(seed: int, count: int, number: int) -> None:
    probability, t_low = blobs(seed, count), REGION_STARTS[number]
    judged = judge_map(probability, t_low, SMALLEST_PX)
    assert isinstance(judged, Judged)
    score = station_scores(probability, SMALLEST_PX)[number]
    for cut in (2 * t_low, (2 * t_low + 1) / 2):
        assert (score >= cut) == is_found(judged, cut)


def is_found(judged: Judged, cut: float) -> bool:
    """Whether decision measures any place at this cut."""
    engine = "crack-d2s2"
    criteria = b.criteria(b.recipe(rules=[{"name": engine, "engine": engine, "min_score": cut}]))
    marked = measure_views({("c1", engine): (b.judgement(result=judged), judged)}, criteria)
    return bool(marked.places[engine, cut])


def test_a_crack_in_pieces_scores_less_than_the_whole_map() -> None:
    probability = np.zeros((48, 64), np.float32)
    for x in range(4, 60, 10):
        probability[20:26, x : x + 5] = 1.0
    scores = station_scores(probability, 200)
    assert map_score(probability, 200) > 0.5 > max(scores)


def test_where_nothing_is_marked_the_score_is_the_maps_below_every_cut() -> None:
    probability = np.full((48, 64), 0.001, np.float32)
    assert station_scores(probability, SMALLEST_PX) == pytest.approx((0.001,) * len(REGION_STARTS), rel=1e-4)


def test_more_places_than_a_station_takes_are_no_score() -> None:
    probability = np.zeros((80, 160), np.float32)
    probability[::2, ::2] = 0.2
    assert probability[::2, ::2].size > MOST_REGIONS
    scores = dict(zip(REGION_STARTS, station_scores(probability, SMALLEST_PX), strict=True))
    assert math.isnan(scores[0.12])
    assert scores[0.25] < 0.1  # nothing reaches that start
