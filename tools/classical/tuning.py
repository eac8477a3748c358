"""Chooses a filter and a cut for every kind of defect: fewest escapes within a number of false rejects."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_inspector.synthesis.defects import DefectKind

Scores = Mapping[DefectKind, NDArray[np.float64]]  # (parts, filters) of every kind
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind's filter, by its place in `FILTERS`, and the score above which a part is rejected."""

    filter: int
    cut: float


@dataclass(frozen=True, slots=True)
class _Option:
    """A choice with what it does alone: which good and which defective parts it rejects."""

    choice: Choice
    false: Flags
    found: Flags
    room: float  # how many times the cut the weakest quarter of its own defects score, in the middle


def rejected(scores: Scores, choices: Mapping[DefectKind, Choice], factor: float = 1.0) -> Flags:
    """Which parts any kind's score rejects, bool (parts,), with all cuts times `factor`."""
    by_kind = [~(scores[kind][:, chosen.filter] <= factor * chosen.cut) for kind, chosen in choices.items()]
    return np.asarray(np.any(by_kind, axis=0))


def tune(good: Scores, defective: Scores, kinds: NDArray[np.str_], most_false: int) -> dict[DefectKind, Choice]:
    """Try every filter and cut of every kind with every one of the others; `kinds` (parts,) are the defectives'.

    Of those that reject at most `most_false` good parts, the one with fewest escapes; among equals fewer false rejects,
    then most room between cuts and weak defects.
    """
    options = [_options(good[kind], defective[kind], kinds == kind.value, most_false) for kind in good]
    best: tuple[tuple[int, int, float], tuple[_Option, ...]] | None = None
    for tried in itertools.product(*options):
        false = int(np.count_nonzero(np.any([option.false for option in tried], axis=0)))
        if false > most_false:
            continue
        escapes = len(kinds) - int(np.count_nonzero(np.any([option.found for option in tried], axis=0)))
        cost = (escapes, false, -sum((min(option.room, 3.0) for option in tried), 0.0))
        if best is None or cost < best[0]:
            best = cost, tried
    assert best is not None  # no false reject at all is always possible
    return {kind: option.choice for kind, option in zip(good, best[1], strict=True)}


def _options(good: NDArray[np.float64], defective: NDArray[np.float64], is_own: Flags, most_false: int) -> list[_Option]:
    """Every filter with every cut that rejects 0 ... `most_false` good parts, each half way to the next score above it."""
    options = []
    for column in range(good.shape[1]):
        falling, scores = np.sort(good[:, column])[::-1], defective[:, column]
        own = np.sort(scores[is_own])
        for false in range(min(most_false + 1, falling.size)):
            low = float(falling[false])
            above = [*falling[:false], *scores[scores > low], 1.2 * low + 0.01]
            cut = (low + float(min(above))) / 2
            room = float(np.median(own[: max(1, own.size // 4)])) / cut if own.size and cut > 0 else 0.0
            options.append(_Option(Choice(column, cut), ~(good[:, column] <= cut), ~(scores <= cut), room))
    return options
