"""A map becomes a score and regions exactly as a slow, obvious reading of science.md §6.4 says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from edge_inspector.domain.judgement import Judged, NotJudged, NotJudgedReason
from edge_inspector.inference.map_regions import byte_floor, judge_map, map_score, to_bytes

LEVELS = st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.9, 1.0]) | st.floats(0, 1, width=32)
MAPS = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=LEVELS)
T_LOWS = st.sampled_from([0.1, 0.25, 0.3]) | st.floats(0.001, 0.999)


def slow_score(probability: NDArray[np.float32], smallest_defect_px: int) -> float:
    height, width = probability.shape
    means = []
    for y in range(height):
        for x in range(width):
            nine = [
                float(probability[min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)])
                for dy in (-1, 0, 1)
                for dx in (-1, 0, 1)
            ]
            means.append(math.fsum(nine) / 9)
    largest = sorted(means, reverse=True)[:smallest_defect_px]
    return math.fsum(largest) / len(largest)


def slow_components(above: NDArray[np.bool_]) -> set[frozenset[tuple[int, int]]]:
    waiting = {(int(y), int(x)) for y, x in zip(*np.nonzero(above), strict=True)}
    components = set()
    while waiting:
        edge = [waiting.pop()]
        component = set(edge)
        while edge:
            y, x = edge.pop()
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & waiting
            waiting -= near
            component |= near
            edge.extend(near)
        components.add(frozenset(component))
    return components


@settings(deadline=None)
@given(MAPS, st.integers(1, 100))
def test_the_score_is_the_mean_of_the_largest_box_filtered_values(probability: NDArray[np.float32], area: int) -> None:
    assert map_score(probability, area) == pytest.approx(slow_score(probability, area), abs=1e-6)


def test_the_score_of_a_large_map_is_that_of_the_slow_reference() -> None:
    probability = np.random.default_rng(1).random((64, 96), np.float32) * 0.1
    probability[20:24, 30:50] = 0.8
    for area in (9, 64, 96, 97, 2000):
        assert map_score(probability, area) == pytest.approx(slow_score(probability, area), abs=1e-6)


@settings(deadline=None)
@given(MAPS, T_LOWS)
def test_the_regions_are_the_8_connected_pixels_above_t_low(probability: NDArray[np.float32], t_low: float) -> None:
    judged = judge_map(probability, t_low, 9)
    assert isinstance(judged, Judged)
    found = set()
    for region in judged.regions:
        crop = np.frombuffer(region.probability, np.uint8).reshape(region.height_px, region.width_px)
        ys, xs = np.nonzero(crop)
        assert (ys.min(), xs.min(), ys.max() + 1, xs.max() + 1) == (0, 0, *crop.shape)  # the box is tight
        found.add(frozenset((int(y) + region.y_px, int(x) + region.x_px) for y, x in zip(ys, xs, strict=True)))
    assert len(found) == len(judged.regions)
    assert found == slow_components(probability > np.float32(t_low))


@settings(deadline=None)
@given(MAPS, T_LOWS)
def test_bytes_round_halves_up_and_stay_above_t_low(probability: NDArray[np.float32], t_low: float) -> None:
    judged = judge_map(probability, t_low, 9)
    assert isinstance(judged, Judged)
    for region in judged.regions:
        for i, byte in enumerate(region.probability):
            y, x = region.y_px + i // region.width_px, region.x_px + i % region.width_px
            if byte:
                assert byte / 255 > t_low
                assert byte == max(
                    math.floor(float(np.float32(probability[y, x]) * np.float32(255)) + 0.5), byte_floor(t_low)
                )


def test_rounding_is_half_up() -> None:
    halves = np.array([[0.5 / 255, 1.5 / 255, 0.49 / 255, 0.5, 1.0]], np.float32)
    assert to_bytes(halves).tolist() == [[1, 2, 0, 128, 255]]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -0.001, 1.001])
def test_a_value_that_is_no_probability_anywhere_is_not_judged(bad: float) -> None:
    probability = np.full((16, 16), 0.9, np.float32)
    probability[15, 15] = bad
    result = judge_map(probability, 0.25, 9)
    assert isinstance(result, NotJudged)
    assert result.reason is NotJudgedReason.NOT_A_NUMBER


def test_more_regions_than_the_bound_are_not_judged() -> None:
    probability = np.zeros((40, 40), np.float32)
    probability[::2, ::4] = 0.9
    count = 20 * 10
    assert isinstance(judge_map(probability, 0.25, 9, most_regions=count), Judged)
    result = judge_map(probability, 0.25, 9, most_regions=count - 1)
    assert isinstance(result, NotJudged)
    assert result.reason is NotJudgedReason.TOO_MANY_REGIONS
    assert "200 regions" in result.detail


def test_more_bytes_than_the_bound_are_not_judged() -> None:
    probability = np.full((20, 30), 0.9, np.float32)
    assert isinstance(judge_map(probability, 0.25, 9, most_region_bytes=600), Judged)
    result = judge_map(probability, 0.25, 9, most_region_bytes=599)
    assert isinstance(result, NotJudged)
    assert result.reason is NotJudgedReason.TOO_MANY_REGIONS


def test_a_pixel_exactly_at_t_low_is_in_no_region() -> None:
    judged = judge_map(np.full((8, 8), 0.3, np.float32), 0.3, 9)
    assert isinstance(judged, Judged)
    assert judged.regions == ()
    assert judged.score == pytest.approx(0.3)


def test_a_region_in_the_box_of_another_is_zero_there() -> None:
    probability = np.zeros((7, 7), np.float32)
    probability[0, :] = probability[6, :] = probability[:, 0] = probability[:, 6] = 0.9
    probability[3, 3] = 0.6
    judged = judge_map(probability, 0.25, 9)
    assert isinstance(judged, Judged)
    ring, dot = sorted(judged.regions, key=lambda region: -region.width_px)
    assert ring.probability[3 * 7 + 3] == 0
    assert (dot.x_px, dot.y_px, dot.width_px, dot.height_px, dot.probability) == (3, 3, 1, 1, bytes([153]))
