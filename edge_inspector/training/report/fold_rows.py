"""What one network measured on parts that it never saw, and, where several did so in turn, a row of each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge_inspector.training.evaluate import ExportedEngine
from edge_inspector.training.judging import MASK_CUT, JudgedSet
from edge_inspector.training.metrics.overlap import iou_of_defective, pooled_iou
from edge_inspector.training.metrics.ranking import area_under_roc, average_precision
from edge_inspector.training.part_scores import Counted, PartScores


@dataclass(frozen=True, slots=True)
class Measured:
    """Parts that chose nothing, as one network judged them. `cut` is None where none could be chosen; `mask_cut` is the
    probability from which on masks were found.

    `fold` is its name in a cross-validation; `steps` are those that its network learned.
    """

    judged: JudgedSet
    engine: ExportedEngine
    cut: float | None
    fold: str = ""
    steps: int = 0
    mask_cut: float = MASK_CUT

    def parts(self) -> set[str]:
        """Their names."""
        return {each.sample.part for each in self.judged.pictures}


@dataclass(frozen=True, slots=True)
class FoldRow:
    """A fold alone: how many good and defective parts, or pictures, it has, and what became of them at its own cut.

    `escapes` and `false_rejects` are None without a cut; NaN stands for what so few can not have.
    """

    fold: str
    steps: int
    good: int
    defective: int
    cut: float | None
    escapes: int | None
    false_rejects: int | None
    average_precision: float
    area_under_roc: float
    mask_cut: float
    pooled_iou: float
    mean_iou: float


def fold_row(measured: Measured, counted: Counted) -> FoldRow:
    """Count, and rank, whole parts or pictures."""
    judged, cut = measured.judged, measured.cut
    scores = judged.scores(counted)
    overlaps = [each.overlap for each in judged.comparisons()]
    return FoldRow(
        measured.fold,
        measured.steps,
        len(scores.good),
        len(scores.defective),
        cut,
        None if cut is None else scores.escapes(cut),
        None if cut is None else scores.false_rejects(cut),
        *_ranking(judged.at(None).scores(counted)),
        measured.mask_cut,
        pooled_iou(overlaps),
        iou_of_defective(overlaps),
    )


def _ranking(scores: PartScores) -> tuple[float, float]:
    if not scores.good or not scores.defective:
        return math.nan, math.nan
    values = [*scores.good.values(), *scores.defective.values()]
    labels = [False] * len(scores.good) + [True] * len(scores.defective)
    return average_precision(values, labels), area_under_roc(values, labels)
