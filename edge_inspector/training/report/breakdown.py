"""Where an engine is weak: figures in quarters of exposure, defect size and contrast; and labels to look at again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from edge_inspector.training.cuts import logit
from edge_inspector.training.judging import JudgedPicture, JudgedSet
from edge_inspector.training.part_scores import Counted, Cuts

QUARTERS = 4
SURE = 0.95  # a score that contradicts its label so clearly is worth a look (science.md §6.3)


@dataclass(frozen=True, slots=True)
class Quarter:
    """Pictures whose quantity lies between `low` and `high`: how many are judged wrongly at the cut, and their mean IoU.

    `missed` and `false` are None where no cut was chosen.
    """

    quantity: str
    low: float
    high: float
    pictures: int
    defective: int
    missed: int | None  # of the defective ones, scored below the cut
    false: int | None  # of the clean ones, scored at the cut or above
    mean_iou: float  # of the defective ones that have a mask; NaN without any


@dataclass(frozen=True, slots=True)
class Suspect:
    """A picture whose score contradicts its label: an error of the engine, or of the label."""

    picture: JudgedPicture
    why: str


def breakdown(judged: JudgedSet, cuts: Cuts) -> list[Quarter]:
    """Quarters of all pictures by mean grey, and of those with the defect by its area and its contrast."""
    defective = [each for each in judged.pictures if each.sample.is_defective and each.comparison is not None]
    return [
        *_quarters("mean grey, 0 to 255", judged.pictures, lambda each: each.mean_grey, cuts),
        *_quarters("defect area, px", defective, _area_px, cuts),
        *_quarters("defect contrast, darker or brighter, share of its surroundings", defective, _contrast, cuts),
    ]


def suspects(judged: JudgedSet, most: int, cuts: Cuts) -> list[Suspect]:
    """Clean pictures that score SURE and more, and labelled ones whose defect nothing was found of; the surest first.

    A labelled picture that its cut rejects is none, however low that lies. Nor is any where nothing is found of all of them:
    then it is the engine that errs.
    """
    found = []
    finds_any = any(each.sample.is_defective and each.map_score > 1 - SURE for each in judged.pictures)
    for each in judged.pictures:
        seen = f"its whole map scores {each.map_score:.3f}"
        if not each.sample.is_defective and each.map_score >= SURE:
            found.append(Suspect(each, f"labelled clean; {seen}"))
        elif each.sample.is_defective and finds_any and each.map_score <= 1 - SURE and not _is_rejected(each, cuts):
            found.append(Suspect(each, f"labelled defective; {seen}"))
    return sorted(found, key=lambda suspect: -abs(suspect.picture.map_score - 0.5))[:most]


def worst_misses(judged: JudgedSet, most: int, cuts: Cuts, counted: Counted = "parts") -> list[JudgedPicture]:
    """Defective pictures farthest below their own cut; where parts are counted, of each part the highest of the views that
    show the defect, in the order of the views that decide. Without a cut those that score lowest."""
    if counted == "pictures":
        return sorted((each for each in judged.pictures if each.sample.is_defective), key=_order(cuts))[:most]
    views: dict[str, list[JudgedPicture]] = {part: [] for part in judged.parts().defective}
    for each in judged.pictures:
        views.get(each.sample.part, []).append(each)
    ranked = sorted(views.values(), key=lambda each: max(map(_order(cuts), each)))
    return [max((view for view in each if view.sample.is_defective), key=_order(cuts)) for each in ranked[:most]]


def worst_false_rejects(judged: JudgedSet, most: int, cuts: Cuts, counted: Counted = "parts") -> list[JudgedPicture]:
    """Pictures of good parts farthest above their own cut; where pictures are counted, or no part is good, clean pictures.
    Without a cut those that score highest."""
    good = judged.parts().good if counted == "parts" else {}
    among = (each for each in judged.pictures if (each.sample.part in good if good else not each.sample.is_defective))
    return sorted(among, key=_order(cuts), reverse=True)[:most]


def _is_rejected(each: JudgedPicture, cuts: Cuts) -> bool:
    return each.sample.part in cuts and not each.score < cuts[each.sample.part]


def _order(cuts: Cuts) -> Callable[[JudgedPicture], tuple[float, float]]:
    """By how far scores lie above their cuts, in logits; what could not be judged does not pass, as if it scored highest."""

    def order(each: JudgedPicture) -> tuple[float, float]:
        if math.isnan(each.score):
            return math.inf, each.map_score
        return logit(each.score) - logit(cuts.get(each.sample.part, 0.5)), each.map_score

    return order


def _area_px(each: JudgedPicture) -> float:
    return each.comparison.overlap.labelled if each.comparison is not None else math.nan


def _contrast(each: JudgedPicture) -> float:
    """How much it differs, darker or brighter."""
    return abs(each.comparison.contrast) if each.comparison is not None else math.nan


def _quarters(
    quantity: str, among: Sequence[JudgedPicture], value_of: Callable[[JudgedPicture], float], cuts: Cuts
) -> list[Quarter]:
    ordered = sorted((each for each in among if math.isfinite(value_of(each))), key=value_of)
    if len(ordered) < QUARTERS:
        return []
    rows = []
    for chosen in np.array_split(np.arange(len(ordered)), QUARTERS):
        quarter = [ordered[i] for i in chosen]
        defective = [each for each in quarter if each.sample.is_defective]
        clean = [each for each in quarter if not each.sample.is_defective]
        ious = [each.comparison.overlap.iou for each in defective if each.comparison is not None]
        rows.append(
            Quarter(
                quantity,
                value_of(quarter[0]),
                value_of(quarter[-1]),
                len(quarter),
                len(defective),
                sum(each.score < cuts[each.sample.part] for each in defective) if cuts else None,
                sum(not each.score < cuts[each.sample.part] for each in clean) if cuts else None,
                fmean(ious) if ious else math.nan,
            )
        )
    return rows
