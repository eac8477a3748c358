"""A cut keeps its distance from both sides, keeps to its rule, and says what so few parts show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.cuts import (
    HALF_WAY,
    NARROW_MARGIN,
    THIN_OUT,
    BoundedMisses,
    Cheapest,
    Cut,
    CutRule,
    choose_cut,
    cuts_by_the_others,
    logit,
    proven_cuts,
    refuse_too_few,
)
from edge_inspector.training.part_scores import PartScores

scores = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20)
hundredths = st.lists(st.integers(0, 100).map(lambda n: n / 100), min_size=1, max_size=20)


def named(good: list[float], defective: list[float]) -> PartScores:
    return PartScores({f"g{n}": s for n, s in enumerate(good)}, {f"d{n}": s for n, s in enumerate(defective)})


def cut_of(good: list[float], defective: list[float], rule: CutRule = HALF_WAY, t_low: float = 0.0001) -> Cut:
    return choose_cut({t_low: named(good, defective)}, "f32", rule)


@given(good=scores, defective=scores)
def test_no_validation_part_above_the_smallest_cut_escapes(good: list[float], defective: list[float]) -> None:
    cut = cut_of(good, defective, t_low=0.005).score
    assert 0 < cut < 1
    assert all(score >= cut for score in defective if score >= 0.01)


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
    assert evidence == (
        "Chosen on parts that the engine had not learned from: of 60 defective ones 0 passed, of 30 good ones 0 were "
        "rejected (in f32: good score at most 0.001, defective at least 0.9). The cut lies half way between the two kinds, "
        "or lower; where they overlap, below all defective parts. With so few parts up to 4.9 % may escape in truth (95 % "
        "confidence, one-sided), as long as camera, light and product stay as they were."
    )


def test_parts_that_chose_the_cut_or_the_network_prove_nothing_and_the_evidence_says_so() -> None:
    good, defective = [0.01] * 20 + [0.2] * 5, [0.05, *[0.9] * 10]
    assert "These parts chose the cut, so that they bound nothing" in cut_of(good, defective, Cheapest(100, 0.01)).evidence
    assert "may escape in truth" in cut_of([0.01] * 9, defective[1:], Cheapest(100, 0.01)).evidence  # none passed: exact
    stopped = choose_cut({0.1: named([0.01] * 9, [0.9] * 60)}, "f32", chose_network=True)
    assert "These parts chose when training stopped, so that they bound nothing" in stopped.evidence
    assert "may escape in truth" not in stopped.evidence


def test_of_pictures_no_share_is_bounded() -> None:
    cut = choose_cut({0.1: named([0.01] * 9, [0.9] * 60)}, "f32", counted="pictures")
    assert "Chosen on pictures that the engine had not learned from: of 60 defective ones" in cut.evidence
    assert cut.evidence.endswith("Pictures of one part are alike, so that they bound no share of escapes.")


def test_regions_begin_as_high_as_half_of_the_cut_that_comes_of_it_allows() -> None:
    apart = named([0.001], [0.9] * 9)
    assert choose_cut(dict.fromkeys((0.25, 0.1, 0.005), apart), "f32").t_low == 0.005  # the cut is 0.0867
    near = named([0.05], [0.8] * 9)  # 0.3142
    assert choose_cut(dict.fromkeys((0.25, 0.1, 0.005), near), "f32").t_low == 0.1


def test_a_defect_in_pieces_is_cut_by_what_its_regions_score_where_these_begin() -> None:
    """Where regions begin high the pieces are apart and score less: a cut that such parts would pass is not chosen."""
    scores = {0.25: named([0.1], [0.9, 0.3]), 0.1: named([0.1], [0.9, 0.4]), 0.005: named([0.1], [0.9, 0.8])}
    cut = choose_cut(scores, "f32")
    assert cut.t_low == 0.1
    assert 0.2 <= cut.score <= 0.4
    assert "of 1 good ones 0 were rejected" in cut.evidence


def test_at_the_lowest_start_the_cut_is_twice_as_high_though_parts_escape_and_the_evidence_counts_them() -> None:
    cut = choose_cut({0.25: named([0.9], [0.3, 0.7]), 0.2: named([0.9], [0.3, 0.7])}, "f32")
    assert (cut.t_low, cut.score) == (0.2, 0.4)
    assert "of 2 defective ones 1 passed" in cut.evidence
    assert (
        "below all defective parts. That would be 0.2063: it was lifted to 0.4, the least that a station can use."
        in cut.evidence
    )


def test_parts_that_could_not_be_judged_have_no_say_and_are_counted() -> None:
    cut = cut_of([0.001, math.nan], [0.9] * 60 + [math.nan] * 2)
    assert cut.score == cut_of([0.001], [0.9] * 60).score
    assert "1 good and 2 defective parts could not be judged (too many places): they would not pass." in cut.evidence
    assert "up to 4.7 % may escape" in cut.evidence  # of all 62: what is not judged does not pass


def test_an_engine_that_can_judge_none_of_a_kind_is_refused() -> None:
    with pytest.raises(TrainingDataError, match="none can be judged: the engine marks too many places"):
        cut_of([math.nan], [0.9])
    assert choose_cut({0.1: named([math.nan], [0.9]), 0.2: named([0.01], [0.9])}, "f32").t_low == 0.2


@given(good=hundredths, defective=hundredths)
def test_the_cut_is_never_below_twice_where_regions_begin(good: list[float], defective: list[float]) -> None:
    for rule in (HALF_WAY, Cheapest(10, 0.05)):
        starts = (0.25, 0.1, 0.02)
        cut = choose_cut({t: named(good, defective) for t in starts}, "f32", rule)
        assert cut.t_low in starts
        assert 2 * cut.t_low <= cut.score


@given(
    good=hundredths,
    defective=hundredths,
    escape_cost=st.sampled_from([0.5, 3.0, 100.0]),
    defective_share=st.sampled_from([0.01, 0.5]),
)
def test_where_an_escape_has_a_price_no_other_cut_is_cheaper_on_the_line(
    good: list[float], defective: list[float], escape_cost: float, defective_share: float
) -> None:
    def price(cut: float) -> float:  # whatever the cut: good parts that score high may cost more than an escape
        escapes = sum(score < cut for score in defective) / len(defective)
        rejects = sum(score >= cut for score in good) / len(good)
        return escape_cost * defective_share * escapes + (1 - defective_share) * rejects

    allowed = [n / 1000 for n in range(1, 1000)]
    assert price(cut_of(good, defective, Cheapest(escape_cost, defective_share)).score) <= min(map(price, allowed)) + 1e-12


def test_a_price_may_put_the_cut_above_a_half_where_good_parts_score_as_high() -> None:
    good, defective = [0.7] * 100 + [0.95], [0.90, *[0.96] * 59]
    cut = cut_of(good, defective, Cheapest(100, 0.01))
    assert 0.7 < cut.score < 0.9
    assert "0 passed, of 101 good ones 1 was rejected" in cut.evidence
    assert 0.7 < cut_of(good, defective).score < 0.9  # and so does half way: below every defective part, not below all


def test_a_cut_is_rounded_down_so_that_the_part_it_lies_at_is_rejected() -> None:
    cut = cut_of([0.99996], [0.99998] * 60)
    assert cut.score == 0.9999
    assert "of 60 defective ones 0 passed" in cut.evidence


def test_a_price_moves_the_cut_of_sets_that_overlap_and_the_evidence_names_it() -> None:
    good, defective = [0.01] * 20 + [0.2] * 5, [0.05, *[0.9] * 10]
    assert cut_of(good, defective).score < 0.05
    cut = cut_of(good, defective, Cheapest(100, 0.01))  # 1/11 of escapes weigh less than 1/5 of false rejects
    assert 0.2 < cut.score < 0.9
    assert "1 passed, of 25 good ones 0 were rejected" in cut.evidence
    assert (
        "The cut is the cheapest where an escape costs as much as 100 false rejects and 1 % of parts are defective; where "
        "the two kinds lie apart, the nearer to the good ones the dearer escapes are." in cut.evidence
    )
    assert cut_of(good, defective, Cheapest(400, 0.01)).score < 0.05
    assert cut_of(good, defective, Cheapest(100, 0.04)).score < 0.05  # where more parts are defective escapes weigh more


def test_parts_that_can_not_be_judged_count_in_a_price_as_those_that_are_rejected() -> None:
    good = [0.1] * 90 + [0.4] * 10
    seen, unjudged = (cut_of(good, [0.2, 0.6, *[score] * 8], Cheapest(10, 0.05)).score for score in (1.0, math.nan))
    assert seen == unjudged > 0.4


def test_between_sets_that_lie_apart_the_cut_is_nearer_to_the_good_the_dearer_an_escape() -> None:
    good, defective = [0.2] * 60, [0.7] * 60
    cuts = [cut_of(good, defective, Cheapest(cost, 0.01)).score for cost in (1.0, 99.0, 400.0, 1000.0, 1e9)]
    half_way = cut_of(good, defective).score
    assert half_way == cuts[0] == cuts[1] > cuts[2] > cuts[3] > cuts[4]
    assert logit(half_way) - logit(cuts[3]) == pytest.approx(THIN_OUT / 2 * math.log(1000 / 99), abs=1e-3)
    few_defective = cut_of(good, [0.7] * 30, Cheapest(1000.0, 0.01)).score  # each stands for more of the line's
    assert logit(half_way) - logit(few_defective) == pytest.approx(THIN_OUT / 2 * math.log(2000 / 99), abs=1e-3)
    assert logit(cuts[4]) == pytest.approx(logit(0.2) + NARROW_MARGIN, abs=1e-3)  # good parts keep their margin
    assert 0.3 < cut_of([0.3], [0.31] * 60, Cheapest(1e9, 0.01)).score < 0.31


@given(cost=st.floats(1.0, 1e6))
def test_no_other_cut_is_cheaper_on_parts_that_thin_out_beyond_the_last_of_each_set(cost: float) -> None:
    good, defective, share = 0.02, 0.4, 0.05

    def price(cut: float) -> float:
        escapes = cost * share * math.exp((logit(cut) - logit(defective)) / THIN_OUT)
        return escapes + (1 - share) * math.exp((logit(good) - logit(cut)) / THIN_OUT)

    half_way = (logit(good) + logit(defective)) / 2
    allowed = [1 / (1 + math.exp(-half_way + step / 100)) for step in range(101)]
    cut = cut_of([good], [defective], Cheapest(cost, share)).score
    assert price(cut) <= 1.01 * min(map(price, allowed))


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
    assert (
        "The cut lets at most 5 % escape: it is the highest that is proven to, or half way between the two kinds where that "
        "is lower." in cut.evidence
    )
    assert f"{misses} passed, of 21 good ones 1 was rejected" in cut.evidence


def test_a_bound_that_only_a_cut_below_all_regions_would_keep_is_refused() -> None:
    defective = [0.004] + [0.9] * 298  # one miss of 299 would not show 1 %
    cut = cut_of([0.0005], defective, BoundedMisses(0.01))
    assert cut.score <= 0.004
    assert "0 passed" in cut.evidence
    assert "up to 1.0 % may escape" in cut.evidence
    with pytest.raises(
        TrainingDataError, match=r"would lie at a score of 0.0014, below 0.01, .* does not see these defects"
    ):
        cut_of([0.0005], defective, BoundedMisses(0.01), t_low=0.005)
    with pytest.raises(TrainingDataError, match="does not see these defects"):
        cut_of([0.9], [5e-5] * 20 + [0.9] * 39, BoundedMisses(0.05))


def test_bounds_of_several_engines_hold_together() -> None:
    """Each of four is bounded at 98.75 %, so that all four keep theirs in 95 of 100 cases (science.md §6.5)."""
    with pytest.raises(
        TrainingDataError, match=r"59 defective validation parts .* 86 are needed for 95 % confidence by each of 4"
    ):
        cut_of([0.9], [0.8] * 59, BoundedMisses(0.05, engines=4))
    cut = cut_of([0.9], [0.8] * 86, BoundedMisses(0.05, engines=4))
    assert "up to 5.0 % may escape in truth (95 % confidence for all 4 engines together, one-sided)" in cut.evidence
    assert 0.9875**4 > 0.95


def test_a_bound_holds_in_at_least_95_of_100_validation_sets() -> None:
    """Parts are drawn anew 2000 times: the true miss rate at the chosen cut is known, since scores are uniform."""
    rng = np.random.default_rng(5)
    kept = sum(cut_of([1.0], list(rng.uniform(0, 1, 93)), BoundedMisses(0.05), 0.0).score <= 0.05 for _ in range(2000))
    assert 0.94 < kept / 2000 < 0.97  # 0.95 by the order statistic; three standard errors are 0.015


def by_start(rng: np.random.Generator, parts: int, likeness: float) -> dict[float, PartScores]:
    """Defective parts of which in truth 5 % lie below twice the start, at every start but the lowest: the worst case for a
    start that is chosen on them. How alike their ranks are at different starts is given."""
    starts = (0.005, 0.015, 0.03, 0.06, 0.12, 0.25)
    common = rng.normal(size=parts)
    found = {}
    for start in starts:
        ranks = norm.cdf(math.sqrt(likeness) * common + math.sqrt(1 - likeness) * rng.normal(size=parts))
        found[start] = named(
            [1.0], list(np.interp(ranks, [0, 0.05, 1], [0, 2 * start, 1]) if start > starts[0] else 0.02 + ranks)
        )
    return found


@pytest.mark.parametrize("likeness", [0.5, 0.9, 1.0])
def test_a_bound_holds_as_often_where_the_start_of_regions_is_chosen_on_the_same_parts(likeness: float) -> None:
    rng, broken, times = np.random.default_rng(8), 0, 600
    for _ in range(times):
        cut = choose_cut(by_start(rng, 59, likeness), "f32", BoundedMisses(0.05))
        broken += cut.t_low > 0.005  # there 5 % lie below the least cut that is allowed, and more below others
    assert broken / times < 0.05 + 3 * math.sqrt(0.05 * 0.95 / times)


def test_a_bound_is_proven_from_the_lowest_cut_up_and_not_beyond_the_first_that_fails() -> None:
    fine, faint = named([0.9], [0.8] * 59), named([0.9], [0.05] + [0.8] * 58)
    proven = proven_cuts({0.25: fine, 0.06: faint, 0.015: fine, 0.005: fine}, BoundedMisses(0.05))
    assert proven == {0.005: pytest.approx(0.03, abs=1e-4), 0.015: pytest.approx(0.12, abs=1e-4), 0.06: 0.05, 0.25: 0.0}
    cut = choose_cut({0.25: fine, 0.06: faint, 0.015: fine, 0.005: fine}, "f32", BoundedMisses(0.05))
    assert (cut.t_low, cut.score) == (0.015, 0.1199)


def test_a_defective_part_that_could_not_be_judged_is_no_miss_of_a_bound() -> None:
    assert proven_cuts({0.005: named([0.9], [math.nan] + [0.8] * 58)}, BoundedMisses(0.05)) == {0.005: 0.8}


def test_a_bound_that_so_few_parts_can_not_show_is_refused_with_what_is_needed() -> None:
    with pytest.raises(TrainingDataError, match=r"40 defective validation parts .* 299 are needed .* or ask for 7.3 %"):
        cut_of([0.9], [0.8] * 40, BoundedMisses(0.01))
    assert cut_of([0.9], [0.8] * 40, BoundedMisses(0.073)).score == 0.8


def test_a_bound_is_one_of_parts_and_not_of_pictures() -> None:
    with pytest.raises(TrainingDataError, match=r"bounded is a bound on parts, but here pictures are cut"):
        refuse_too_few(1000, BoundedMisses(0.05), "pictures")


@pytest.mark.parametrize("miss_rate", [0.0, 1.0, math.nan])
def test_a_bound_of_nothing_or_everything_is_refused(miss_rate: float) -> None:
    with pytest.raises(ValueError, match="a miss rate of"):
        cut_of([0.9], [0.8] * 40, BoundedMisses(miss_rate))


@pytest.mark.parametrize(("good", "defective"), [([], [0.9]), ([0.1], [])])
def test_a_cut_needs_scores_of_both_kinds(good: list[float], defective: list[float]) -> None:
    with pytest.raises(ValueError, match="needs scores of good parts and of defective"):
        cut_of(good, defective)


def test_a_folds_cut_is_what_all_others_ask_for_and_its_own_parts_have_no_say() -> None:
    folds = [{0.0001: PartScores({f"g{k}": 0.02 * k, f"h{k}": 0.01}, {f"d{k}": 0.3 + 0.1 * k})} for k in range(3)]
    first, second, third = (cut.score for cut in cuts_by_the_others(folds, "f32", HALF_WAY))
    assert first == cut_of([0.02, 0.01, 0.04, 0.01], [0.4, 0.5]).score
    assert second == cut_of([0.0, 0.01, 0.04, 0.01], [0.3, 0.5]).score
    assert third == cut_of([0.0, 0.01, 0.02, 0.01], [0.3, 0.4]).score
    assert len({first, second, third}) == 3


def test_of_an_engine_that_lets_every_defective_part_pass_the_evidence_says_first_that_it_sees_nothing() -> None:
    cut = choose_cut({0.015: named([0.028], [0.018, 0.019, 0.02])}, "f32")
    assert cut.score == 0.03
    assert cut.evidence.startswith(
        "The engine does not see the defect: every one of these parts would pass. Chosen on parts"
    )
    assert cut.remedy.startswith("Let it learn for longer, with another --out")
    seeing = choose_cut({0.01: named([0.02], [0.03, 0.018])}, "f32")
    assert seeing.remedy == ""
    assert "does not see" not in seeing.evidence


def test_a_defective_part_that_can_not_be_judged_makes_no_engine_see() -> None:
    assert choose_cut({0.015: named([0.028], [0.018, math.nan])}, "f32").remedy != ""


def test_where_a_price_lets_every_defective_part_pass_the_price_is_to_be_raised() -> None:
    scores = {0.1: named([*[0.11] * 20, 0.97], [0.6 + 0.01 * k for k in range(20)])}
    cut = choose_cut(scores, "f32", Cheapest(escape_cost=1.0, defective_share=0.01))
    assert cut.evidence.startswith("At this price every one of the defective parts passes. Chosen on")
    assert cut.remedy == "Raise cut.escape_cost"
