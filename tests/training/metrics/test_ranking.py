"""AUC and AP: against slow definitions, and against scikit-learn where it is installed."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge_inspector.training.metrics.ranking import area_under_roc, average_precision, precision_recall

scored = st.lists(st.tuples(st.integers(0, 5).map(lambda k: k / 5), st.booleans()), min_size=2, max_size=25)


def split(pairs: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    assume(any(y for _, y in pairs) and not all(y for _, y in pairs))
    return [s for s, _ in pairs], [y for _, y in pairs]


@given(scored)
def test_auc_is_the_share_of_pairs_in_the_right_order(pairs: list[tuple[float, bool]]) -> None:
    scores, labels = split(pairs)
    positives = [s for s, y in pairs if y]
    negatives = [s for s, y in pairs if not y]
    right = [1.0 if p > n else 0.5 if p == n else 0.0 for p, n in product(positives, negatives)]
    assert area_under_roc(scores, labels) == pytest.approx(sum(right) / len(right))


@given(scored)
def test_average_precision_is_the_sum_of_steps_over_cuts(pairs: list[tuple[float, bool]]) -> None:
    scores, labels = split(pairs)
    total, recall_before = 0.0, 0.0
    for cut in sorted(set(scores), reverse=True):
        taken = [y for s, y in pairs if s >= cut]
        recall = sum(taken) / sum(labels)
        total += (recall - recall_before) * sum(taken) / len(taken)
        recall_before = recall
    assert average_precision(scores, labels) == pytest.approx(total)


@given(scored)
def test_scikit_learn_says_the_same(pairs: list[tuple[float, bool]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    scores, labels = split(pairs)
    assert area_under_roc(scores, labels) == pytest.approx(metrics.roc_auc_score(labels, scores))
    assert average_precision(scores, labels) == pytest.approx(metrics.average_precision_score(labels, scores))


def test_precision_and_recall_at_each_distinct_score() -> None:
    precision, recall = precision_recall([0.9, 0.5, 0.5, 0.1], [1, 0, 1, 0])
    assert precision.tolist() == pytest.approx([1, 2 / 3, 0.5])
    assert recall.tolist() == [0.5, 1, 1]


@pytest.mark.parametrize("labels", [[1, 1], [0, 0]])
def test_one_kind_alone_can_not_be_ranked(labels: list[int]) -> None:
    with pytest.raises(ValueError, match="good ones and of defective ones"):
        area_under_roc([0.1, 0.2], labels)


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        average_precision(np.array([0.1, np.nan]), [0, 1])
