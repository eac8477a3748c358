"""A cut keeps its distance from both sides, keeps to its rule, and says what so few parts show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.cuts import (
    HALF_WAY,
    BoundedMisses,
    Cheapest,
    Cut,
    CutRule,
    choose_cut,
    cuts_by_the_others,
    refuse_too_few,
    region_threshold,
)
from edge_inspector.training.part_scores import PartScores

scores = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20)
hundredths = st.lists(st.integers(0, 100).map(lambda n: n / 100), min_size=1, max_size=20)


def cut_of(good: list[float], defective: list[float], rule: CutRule = HALF_WAY) -> Cut:
    named = PartScores({f"g{n}": s for n, s in enumerate(good)}, {f"d{n}": s for n, s in enumerate(defective)})
    return choose_cut(named, "f32", rule)


@given(good=scores, defective=scores)
def test_no_validation_part_above_the_smallest_cut_escapes(good: list[float], defective: list[float]) -> None:
    cut = cut_of(good, defective).score
    assert 0 < cut < 1
    assert all(score >= cut - 5e-5 for score in defective if score >= 0.0101)


def test_the_cut_lies_between_separated_sets() -> None:
    cut = cut_of([0.0, 0.02], [0.6, 0.99])
    assert cut.largest_good < cut.score < cut.smallest_defective


@pytest.mark.parametrize("rule", [HALF_WAY, Cheapest(0.1, 0.5), BoundedMisses(0.05)])
def test_the_cut_goes_beyond_a_half_only_as_far_as_good_parts_need_whatever_the_rule(rule: CutRule) -> None:
    assert cut_of([0.03] * 9, [1.0] * 60, rule).score == 0.5
    cut = cut_of([0.03, 0.714], [0.96] + [1.0] * 60, rule).score
    assert cut == pytest.approx(0.8046, abs=1e-4)  # half a logit above 0.714
    assert 0.9 < cut_of([0.9], [0.91] * 60, rule).score < 0.91


def test_the_evidence_states_counts_and_what_they_can_show() -> None:
    evidence = cut_of([0.001] * 30, [0.9] * 60).evidence
    assert "30 good parts score at most 0.001, 60 defective at least 0.9" in evidence
    assert "fewer than 4.9 % escape" in evidence


@given(
    good=hundredths,
    defective=hundredths,
    escape_cost=st.sampled_from([0.5, 3.0, 100.0]),
    defective_share=st.sampled_from([0.01, 0.5]),
)
def test_where_an_escape_has_a_price_no_other_cut_is_cheaper_on_the_line(
    good: list[float], defective: list[float], escape_cost: float, defective_share: float
) -> None:
    def price(cut: float) -> float:
        escapes = sum(score < cut for score in defective) / len(defective)
        rejects = sum(score >= cut for score in good) / len(good)
        return escape_cost * defective_share * escapes + (1 - defective_share) * rejects

    allowed = [n / 1000 for n in range(10, 501)]
    assert price(cut_of(good, defective, Cheapest(escape_cost, defective_share)).score) <= min(map(price, allowed)) + 1e-12


def test_a_price_moves_the_cut_of_sets_that_overlap_and_the_evidence_names_it() -> None:
    good, defective = [0.01] * 20 + [0.2] * 5, [0.05, *[0.9] * 10]
    assert cut_of(good, defective).score < 0.05
    cut = cut_of(good, defective, Cheapest(100, 0.01))  # 1/11 of escapes weigh less than 1/5 of false rejects
    assert 0.2 < cut.score < 0.9
    assert (
        "1 escapes and 0 false rejects, where an escape costs as much as 100 false rejects and 1 % of parts are"
        in cut.evidence
    )
    assert cut_of(good, defective, Cheapest(400, 0.01)).score < 0.05
    assert cut_of(good, defective, Cheapest(100, 0.04)).score < 0.05  # where more parts are defective escapes weigh more


@pytest.mark.parametrize("escape_cost", [0.0, -1.0, math.nan])
def test_an_escape_that_costs_nothing_is_refused(escape_cost: float) -> None:
    with pytest.raises(ValueError, match="an escape costs"):
        cut_of([0.1], [0.9], Cheapest(escape_cost, 0.01))


@pytest.mark.parametrize("defective_share", [0.0, 1.0, math.nan])
def test_a_line_without_good_or_defective_parts_is_refused(defective_share: float) -> None:
    with pytest.raises(ValueError, match="defective ones: allowed is above 0 and below 1"):
        cut_of([0.1], [0.9], Cheapest(10, defective_share))


@pytest.mark.parametrize(("parts", "misses"), [(59, 0), (92, 0), (93, 1), (124, 2)])
def test_a_bound_allows_as_many_misses_as_still_prove_it(parts: int, misses: int) -> None:
    """59, 93 and 124 parts are what 0, 1 and 2 misses need for 5 % (binomial tables for acceptance sampling)."""
    defective = [0.3 + n / 1000 for n in range(parts)]
    cut = cut_of([0.001] * 20 + [0.9], defective, BoundedMisses(0.05))  # one good part scores like a defective one
    assert sum(score < cut.score for score in defective) == misses
    assert cut.score == pytest.approx(defective[misses], abs=1e-4)
    assert "At most 5 % may escape. " in cut.evidence
    assert f"at the cut {misses} escapes and 1 false rejects" in cut.evidence


def test_a_bound_is_kept_where_the_sets_do_not_overlap_and_lie_below_the_smallest_cut() -> None:
    defective = [0.004] + [0.9] * 298
    cut = cut_of([0.0005], defective, BoundedMisses(0.01))
    assert cut.score <= 0.004  # one miss of 299 would not show 1 %
    assert "0 escapes" in cut.evidence
    assert "fewer than 1.0 % escape" in cut.evidence


def test_a_bound_holds_in_at_least_95_of_100_validation_sets() -> None:
    """Parts are drawn anew 2000 times: the true miss rate at the chosen cut is known, since scores are uniform."""
    rng = np.random.default_rng(5)
    kept = sum(cut_of([1.0], list(rng.uniform(0, 1, 93)), BoundedMisses(0.05)).score <= 0.05 for _ in range(2000))
    assert 0.94 < kept / 2000 < 0.97  # 0.95 by the order statistic; three standard errors are 0.015


def test_a_bound_that_so_few_parts_can_not_show_is_refused_with_what_is_needed() -> None:
    with pytest.raises(TrainingDataError, match=r"40 defective parts .* 299 are needed .* or ask for 7.3 %"):
        cut_of([0.9], [0.8] * 40, BoundedMisses(0.01))
    assert cut_of([0.9], [0.8] * 40, BoundedMisses(0.073)).score == 0.8


def test_a_bound_is_one_of_parts_and_not_of_pictures() -> None:
    with pytest.raises(TrainingDataError, match=r"its bound is one of parts, and here pictures are cut"):
        refuse_too_few(1000, BoundedMisses(0.05), "pictures")


@pytest.mark.parametrize("miss_rate", [0.0, 1.0, math.nan])
def test_a_bound_of_nothing_or_everything_is_refused(miss_rate: float) -> None:
    with pytest.raises(ValueError, match="a miss rate of"):
        cut_of([0.9], [0.8] * 40, BoundedMisses(miss_rate))


@pytest.mark.parametrize(("good", "defective"), [([], [0.9]), ([0.1], []), ([math.nan], [0.9])])
def test_a_cut_needs_finite_scores_of_both_kinds(good: list[float], defective: list[float]) -> None:
    with pytest.raises(ValueError, match="needs finite scores"):
        cut_of(good, defective)


def test_a_folds_cut_is_what_all_others_ask_for_and_its_own_parts_have_no_say() -> None:
    folds = [PartScores({f"g{k}": 0.02 * k, f"h{k}": 0.01}, {f"d{k}": 0.3 + 0.1 * k}) for k in range(3)]
    first, second, third = cuts_by_the_others(folds, "f32", HALF_WAY)
    assert first == cut_of([0.02, 0.01, 0.04, 0.01], [0.4, 0.5]).score
    assert second == cut_of([0.0, 0.01, 0.04, 0.01], [0.3, 0.5]).score
    assert third == cut_of([0.0, 0.01, 0.02, 0.01], [0.3, 0.4]).score
    assert len({first, second, third}) == 3


@given(st.integers(100, 5000))
def test_a_rule_at_the_cut_is_never_below_twice_the_region_threshold(ten_thousandths: int) -> None:
    cut = ten_thousandths / 10_000
    assert 0 < 2 * region_threshold(cut) <= cut < 2 * region_threshold(cut) + 0.0003
