"""A cut keeps its distance from both sides, and never lets a known defective part pass."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.training.threshold import choose_cut, fit_calibration, region_threshold, view_score

scores = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20)


@given(good=scores, defective=scores)
def test_no_validation_part_above_the_smallest_cut_escapes(good: list[float], defective: list[float]) -> None:
    cut = choose_cut(good, defective, "f32").score
    assert 0 < cut < 1
    assert all(score >= cut - 5e-5 for score in defective if score >= 0.0101)


def test_the_cut_lies_between_separated_sets() -> None:
    cut = choose_cut([0.0, 0.02], [0.6, 0.99], "f32")
    assert cut.largest_good < cut.score < cut.smallest_defective


def test_the_cut_goes_beyond_a_half_only_as_far_as_good_parts_need() -> None:
    assert choose_cut([0.03] * 9, [1.0], "f32").score == 0.5
    cut = choose_cut([0.03, 0.714], [0.96, 1.0], "f32").score
    assert cut == pytest.approx(0.8046, abs=1e-4)  # half a logit above 0.714
    narrow = choose_cut([0.9], [0.91], "f32").score
    assert 0.9 < narrow < 0.91


def test_the_evidence_states_counts_and_what_they_can_show() -> None:
    evidence = choose_cut([0.001] * 30, [0.9] * 60, "f32").evidence
    assert "30 good parts score at most 0.001, 60 defective at least 0.9" in evidence
    assert "fewer than 4.9 % escape" in evidence


hundredths = st.lists(st.integers(0, 100).map(lambda n: n / 100), min_size=1, max_size=20)


@given(good=hundredths, defective=hundredths, escape_cost=st.sampled_from([0.5, 1.0, 3.0, 10.0]))
def test_where_an_escape_has_a_price_no_other_cut_is_cheaper(
    good: list[float], defective: list[float], escape_cost: float
) -> None:
    def price(cut: float) -> float:
        return escape_cost * sum(score < cut for score in defective) + sum(score >= cut for score in good)

    allowed = [n / 1000 for n in range(10, 501)]
    assert price(choose_cut(good, defective, "f32", escape_cost).score) == min(map(price, allowed))


def test_a_price_moves_the_cut_of_sets_that_overlap_and_the_evidence_names_it() -> None:
    good, defective = [0.01] * 20 + [0.2] * 5, [0.05, *[0.9] * 10]
    assert choose_cut(good, defective, "f32").score < 0.05
    cut = choose_cut(good, defective, "f32", escape_cost=3)
    assert 0.2 < cut.score < 0.9
    assert "1 escapes and 0 false rejects, where an escape costs as much as 3 false rejects" in cut.evidence
    assert choose_cut(good, defective, "f32", escape_cost=10).score < 0.05


@pytest.mark.parametrize("escape_cost", [0.0, -1.0, math.nan])
def test_an_escape_that_costs_nothing_is_refused(escape_cost: float) -> None:
    with pytest.raises(ValueError, match="an escape costs"):
        choose_cut([0.1], [0.9], "f32", escape_cost)


@pytest.mark.parametrize(("good", "defective"), [([], [0.9]), ([0.1], []), ([math.nan], [0.9])])
def test_a_cut_needs_finite_scores_of_both_kinds(good: list[float], defective: list[float]) -> None:
    with pytest.raises(ValueError, match="needs finite scores"):
        choose_cut(good, defective, "f32")


def test_a_single_hot_pixel_scores_little() -> None:
    probability = np.zeros((32, 32), np.float32)
    probability[5, 5] = 1.0
    assert view_score(probability, 64) == pytest.approx(1 / 64, rel=1e-4)


def test_a_map_that_is_not_a_number_has_no_score() -> None:
    probability = np.zeros((32, 32), np.float32)
    probability[5, 5] = np.nan
    assert math.isnan(view_score(probability, 64))


def test_calibration_finds_the_scale_and_bias_that_made_the_labels() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, 40_000)
    target = (rng.random(40_000) < 1 / (1 + np.exp(-(0.5 * logits - 1.0)))).astype(np.float64)
    scale, bias = fit_calibration(logits, target, np.ones(40_000))
    assert scale == pytest.approx(0.5, abs=0.03)
    assert bias == pytest.approx(-1.0, abs=0.05)


@given(st.integers(100, 5000))
def test_a_rule_at_the_cut_is_never_below_twice_the_region_threshold(ten_thousandths: int) -> None:
    cut = ten_thousandths / 10_000
    assert 0 < 2 * region_threshold(cut) <= cut < 2 * region_threshold(cut) + 0.0003
