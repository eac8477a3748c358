"""The classical inspector's cuts keep to the false rejects allowed, and no other choice lets fewer defects through."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_inspector.synthesis.defects import DefectKind
from tools.classical.tuning import Choice, rejected, tune

KINDS = tuple(DefectKind)
OWN = np.array([kind.value for kind in KINDS] * 4)  # 12 defective parts


def draw(seed: int, shift: float) -> dict[DefectKind, NDArray[np.float64]]:
    """Scores of 12 parts under two filters of every kind; own defects score `shift` more."""
    rng = np.random.default_rng(seed)
    return {kind: rng.random((12, 2)) + shift * (kind.value == OWN)[:, None] for kind in KINDS}


def fewest_escapes(
    good: Mapping[DefectKind, NDArray[np.float64]], bad: Mapping[DefectKind, NDArray[np.float64]], most: int
) -> int:
    """Every filter and every cut there is, tried."""
    choices = [
        [Choice(column, float(cut)) for column in range(2) for cut in np.sort(good[kind][:, column])[-most - 1 :]]
        for kind in KINDS
    ]
    found = []
    for combination in itertools.product(*choices):
        tried = dict(zip(KINDS, combination, strict=True))
        if rejected(good, tried).sum() <= most:
            found.append(int((~rejected(bad, tried)).sum()))
    return min(found)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.floats(0.0, 1.0), most=st.integers(0, 2))
def test_tuning_keeps_to_the_false_rejects_allowed_and_lets_the_fewest_defects_escape(
    seed: int, shift: float, most: int
) -> None:
    good, bad = draw(seed, 0.0), draw(seed + 20_000, shift)
    choices = tune(good, bad, OWN, most)
    assert rejected(good, choices).sum() <= most
    assert (~rejected(bad, choices)).sum() == fewest_escapes(good, bad, most)


def test_kinds_that_stand_clear_are_found_without_any_false_reject() -> None:
    good, bad = draw(1, 0.0), draw(2, 3.0)
    choices = tune(good, bad, OWN, 2)
    assert not rejected(good, choices).any()
    assert rejected(bad, choices).all()


def test_a_score_that_is_no_number_rejects() -> None:
    scores = {kind: np.array([[0.0], [np.nan], [np.inf]]) for kind in KINDS}
    choices = {kind: Choice(0, 1.0) for kind in KINDS}
    assert rejected(scores, choices).tolist() == [False, True, True]
