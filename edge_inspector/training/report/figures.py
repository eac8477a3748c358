"""Every figure of masks and pixels by its full name, with its interval; the baselines that flatter stand beside."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from edge_inspector.training.judging import Comparison, JudgedPicture, JudgedSet
from edge_inspector.training.metrics.boundary import RATIOS, THIN_PX
from edge_inspector.training.metrics.intervals import bootstrap_interval, proportion_interval
from edge_inspector.training.metrics.overlap import (
    Overlap,
    dice_of_defective,
    iou_of_defective,
    kaggle_dice,
    kaggle_dice_of_silence,
    pooled_iou,
    share_with_false_pixels,
    two_class_iou,
)
from edge_inspector.training.metrics.probabilities import brier_score, expected_calibration_error
from edge_inspector.training.metrics.tolerance import TOLERANCES_PX, Matched, pooled

Interval = tuple[float, float]
Statistic = Callable[[list[Comparison]], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval (None where it has none), and over how many things it is taken."""

    name: str
    value: float
    interval: Interval | None
    n: int
    of: str  # what n counts
    count: int | None = None  # of a share: of the n, how many


def share_figure(name: str, count: int, n: int, of: str) -> Figure:
    """A share of things that are independent of each other, with its exact interval."""
    return Figure(name, count / n, proportion_interval(count, n), n, of, count)


def mask_figures(judged: JudgedSet) -> list[Figure]:
    """How well masks agree, by every name under which such figures are published (science.md §4)."""
    pictures = [each for each in judged.pictures if each.comparison is not None]
    defective = [each for each in pictures if each.sample.is_defective]
    clean = [each for each in pictures if not each.sample.is_defective]
    rows: list[Figure] = []

    def add(name: str, among: Sequence[JudgedPicture], statistic: Statistic, of: str) -> None:
        if among:
            rows.append(_over_parts(name, among, statistic, of))

    shown = "pictures with the defect"
    if defective:
        rows += [mean_iou_figure(judged), shown_iou_figure(judged)]
    if pictures:
        rows.append(pooled_iou_figure(judged))
    add("IoU, mean of defect and background", pictures, lambda c: two_class_iou(each.overlap for each in c), "pictures")
    add("Dice, mean of pictures with the defect", defective, lambda c: dice_of_defective(each.overlap for each in c), shown)
    add("Dice as Kaggle counts it", pictures, lambda c: kaggle_dice(each.overlap for each in c), "pictures")
    add(
        "the same of masks that are all empty",
        pictures,
        lambda c: kaggle_dice_of_silence(each.overlap for each in c),
        "pictures",
    )
    names = [f"boundary IoU at {ratio:g} of the diagonal" for ratio in RATIOS] + [f"boundary IoU at {THIN_PX} px"]
    for k, name in enumerate(names):
        add(f"{name}, mean of pictures with the defect", defective, _boundary_iou(iou_of_defective, k), shown)
        add(f"{name}, pooled over all pictures", pictures, _boundary_iou(pooled_iou, k), "pictures")
    for k, tolerance_px in enumerate(TOLERANCES_PX):
        add(f"pixel precision within {tolerance_px} px, pooled", defective, _within(k, lambda m: m.precision), shown)
        add(f"pixel recall within {tolerance_px} px, pooled", defective, _within(k, lambda m: m.recall), shown)
        add(f"pixel F1 within {tolerance_px} px, pooled", defective, _within(k, lambda m: m.f1), shown)
    if defective:
        rows.append(_regions_found(defective))
    add("false regions a picture", pictures, lambda c: fmean(each.regions.false for each in c), "pictures")
    if clean:
        rows.append(_clean_with_false_pixels(clean))
    add("false area of clean pictures, px, mean", clean, lambda c: fmean(each.overlap.found for each in c), "clean pictures")
    return rows


def pooled_iou_figure(judged: JudgedSet) -> Figure:
    """Of the set's pictures laid side by side, those without the defect too."""
    pictures = [each for each in judged.pictures if each.comparison is not None]
    name = "IoU, pooled over all pictures"
    return _over_parts(name, pictures, lambda c: pooled_iou(each.overlap for each in c), "pictures")


def shown_iou_figure(judged: JudgedSet) -> Figure:
    """Of the set's pictures with the defect laid side by side: what is falsely found on others has no say.

    So it is measured where a set holds none, as many published ones do.
    """
    defective = [each for each in judged.pictures if each.comparison is not None and each.sample.is_defective]
    name = "IoU, pooled over pictures with the defect"
    return _over_parts(name, defective, lambda c: pooled_iou(each.overlap for each in c), "pictures with the defect")


def mean_iou_figure(judged: JudgedSet) -> Figure:
    """Of the set's pictures with the defect."""
    defective = [each for each in judged.pictures if each.comparison is not None and each.sample.is_defective]
    name = "IoU, mean of pictures with the defect"
    return _over_parts(name, defective, lambda c: iou_of_defective(each.overlap for each in c), "pictures with the defect")


def pixel_figures(judged: JudgedSet) -> list[Figure]:
    """Ranking and calibration of pixels; nothing where nobody said of any picture where the defect is."""
    if not judged.sampled_p:
        return []
    p, y = np.concatenate(judged.sampled_p), np.concatenate(judged.sampled_y)
    counted = sum(each.comparison.overlap.pixels for each in judged.pictures if each.comparison is not None)
    rows = []
    if y.any():
        rows = [
            Figure("pixel AP, step-wise, in bins of the logit", judged.pixels.average_precision(), None, counted, "pixels"),
            Figure("pixel AUC, in bins of the logit", judged.pixels.area_under_roc(), None, counted, "pixels"),
            Figure(
                "AUPRO up to 30 % false pixels, in bins of the logit",
                judged.pixels.area_under_per_region_overlap(),
                None,
                counted,
                "pixels",
            ),
        ]
    return [
        *rows,
        Figure("Brier score of pixels", brier_score(p, y), None, len(p), "pixels drawn by chance"),
        Figure(
            "expected calibration error of pixels, 15 bins of equal mass",
            expected_calibration_error(p, y),
            None,
            len(p),
            "pixels drawn by chance",
        ),
    ]


def _over_parts(name: str, among: Sequence[JudgedPicture], statistic: Statistic, of: str) -> Figure:
    """The statistic with its bootstrap by part; without an interval where every draw gives the same."""
    by_part: dict[str, list[Comparison]] = {}
    for each in among:
        assert each.comparison is not None
        by_part.setdefault(each.sample.part, []).append(each.comparison)
    parts = list(by_part.values())
    everything = [each for part in parts for each in part]
    low, high = bootstrap_interval(parts, lambda chosen: statistic([each for i in chosen for each in parts[i]]))
    interval = (low, high) if low < high else None
    return Figure(name, statistic(everything), interval, len(everything), of)


def _boundary_iou(average: Callable[[Iterable[Overlap]], float], k: int) -> Statistic:
    return lambda comparisons: average(each.boundaries[k] for each in comparisons)


def _within(k: int, figure: Callable[[Matched], float]) -> Statistic:
    return lambda comparisons: figure(pooled(each.within[k] for each in comparisons))


def _regions_found(defective: Sequence[JudgedPicture]) -> Figure:
    regions = [each.comparison.regions for each in defective if each.comparison is not None]
    labelled, hit = sum(each.labelled for each in regions), sum(each.hit for each in regions)
    figure = _over_parts("labelled regions found", defective, _share_of_regions_hit, "labelled regions")
    return exact_at_the_ends(replace(figure, n=labelled, count=hit), len({each.sample.part for each in defective}))


def _clean_with_false_pixels(clean: Sequence[JudgedPicture]) -> Figure:
    name = "clean pictures with any pixel found"
    figure = _over_parts(name, clean, lambda c: share_with_false_pixels(each.overlap for each in c), "clean pictures")
    return exact_at_the_ends(
        replace(figure, count=round(figure.value * figure.n)), len({each.sample.part for each in clean})
    )


def exact_at_the_ends(figure: Figure, parts: int) -> Figure:
    """A share of none or of all: no drawing of parts gives another one, but so many parts do not prove it."""
    if figure.interval is not None or figure.value not in (0.0, 1.0):
        return figure
    return replace(figure, interval=proportion_interval(round(figure.value * parts), parts))


def _share_of_regions_hit(comparisons: list[Comparison]) -> float:
    labelled = sum(each.regions.labelled for each in comparisons)
    return sum(each.regions.hit for each in comparisons) / labelled if labelled else math.nan
