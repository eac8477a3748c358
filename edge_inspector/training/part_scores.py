"""Scores of whole parts, by the part's name: what cuts are chosen on, and what is counted at one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Counted = Literal["parts", "pictures"]  # what is good or defective, has one score, and is cut
Cuts = Mapping[str, float]  # by part, from which score on it is rejected; empty where no cut was chosen


@dataclass(frozen=True, slots=True)
class PartScores:
    """Each part's score, 0..1, of good parts and of defective ones; NaN where a station could not judge it."""

    good: Mapping[str, float]
    defective: Mapping[str, float]

    def escapes(self, cut: float) -> int:
        """Defective parts that would pass; a score that is no number does not pass."""
        return sum(score < cut for score in self.defective.values())

    def false_rejects(self, cut: float) -> int:
        """Good parts that would not pass."""
        return sum(not score < cut for score in self.good.values())

    def escapes_at(self, cuts: Cuts) -> int:
        """Defective parts that would pass, each at its own cut."""
        return sum(score < cuts[part] for part, score in self.defective.items())

    def false_rejects_at(self, cuts: Cuts) -> int:
        """Good parts that would not pass, each at its own cut."""
        return sum(not score < cuts[part] for part, score in self.good.items())

    def judged(self) -> PartScores:
        """Without those that could not be judged."""
        return PartScores(
            {name: score for name, score in self.good.items() if not math.isnan(score)},
            {name: score for name, score in self.defective.items() if not math.isnan(score)},
        )


ScoresByStart = Mapping[float, PartScores]  # the same parts, by the probability from which regions begin


def worst_by_start(measured: Sequence[ScoresByStart]) -> ScoresByStart:
    """`worst_of` for each start that regions may have."""
    return {t_low: worst_of([each[t_low] for each in measured]) for t_low in measured[0]}


def together(scores: Sequence[PartScores]) -> PartScores:
    """Scores of different parts as those of one set."""
    return PartScores(
        {name: score for each in scores for name, score in each.good.items()},
        {name: score for each in scores for name, score in each.defective.items()},
    )


def worst_of(measured: Sequence[PartScores]) -> PartScores:
    """Each part's score nearest to a mistake: the same parts, scored in several precisions, stay as many parts as they are.

    That a good part could not be judged is the worst; of a defective one it is not, since such a part does not pass.

    >>> worst_of([PartScores({"p1": 0.1}, {"p2": 0.9}), PartScores({"p1": 0.2}, {"p2": 0.8})])
    PartScores(good={'p1': 0.2}, defective={'p2': 0.8})
    """

    def over(scores: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
        names = dict.fromkeys(name for each in scores for name in each)
        return {name: [each[name] for each in scores if name in each] for name in names}

    return PartScores(
        {name: float(np.max(values)) for name, values in over([each.good for each in measured]).items()},  # NaN wins
        {name: float(np.fmin.reduce(values)) for name, values in over([each.defective for each in measured]).items()},
    )
