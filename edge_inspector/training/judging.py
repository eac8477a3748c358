"""Judges a set of one defect with an exported engine, picture by picture, and keeps what every metric needs of each.

Masks are found from a calibrated probability on that was chosen on other pictures (`logit_sample.Fit`), whatever the cut of
parts is. As at a station only what is the picture's own is judged, not what a view adds at its edge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingStoppedError
from edge_inspector.inference.map_regions import map_score
from edge_inspector.training.datasets.labelled_picture import Somewhere
from edge_inspector.training.defect_set import DefectSet, Picture, Sample, read_picture
from edge_inspector.training.evaluate import Evaluation, ExportedEngine
from edge_inspector.training.metrics.boundary import RATIOS, THIN_PX, boundary_distance_px, boundary_overlap
from edge_inspector.training.metrics.overlap import Mask, Overlap, overlap
from edge_inspector.training.metrics.pixel_scores import PixelScores
from edge_inspector.training.metrics.regions import Regions, match_regions
from edge_inspector.training.metrics.tolerance import TOLERANCES_PX, Matched, match
from edge_inspector.training.part_scores import Counted, PartScores, ScoresByStart
from edge_inspector.training.station_scores import REGION_STARTS, station_scores

MASK_CUT = 0.5  # where none was chosen
SAMPLED_PX = 1_000_000  # of all pictures together, for calibration (science.md §4.7)
RING_PX = 6  # round a defect: what its contrast is measured against


@dataclass(frozen=True, slots=True)
class Comparison:
    """Found mask against label of one picture. `boundaries` at RATIOS of the diagonal, then THIN_PX; `within` TOLERANCES_PX.

    `contrast`: how much darker (above 0) or brighter the defect is than the ring round it, as a share of the ring; NaN
    where it is clean or has no ring.
    """

    overlap: Overlap
    boundaries: tuple[Overlap, ...]
    within: tuple[Matched, ...]
    regions: Regions
    contrast: float


@dataclass(frozen=True, slots=True)
class JudgedPicture:
    """One view: its scores, its mean grey 0..255, and the comparison; None where nobody said where the defect is.

    `map_score` is that of the whole map, by which pictures are ranked; `station_scores` are what a station would compare
    with a cut, of each of REGION_STARTS. `t_low` is the one of them that a cut was chosen with; None where none was.
    """

    sample: Sample
    map_score: float
    station_scores: tuple[float, ...]
    mean_grey: float
    comparison: Comparison | None
    t_low: float | None = None

    @property
    def score(self) -> float:
        """What the cut is compared with, NaN where a station could not judge; the whole map's where there is no cut."""
        return self.map_score if self.t_low is None else self.station_scores[REGION_STARTS.index(self.t_low)]


@dataclass(slots=True)
class JudgedSet:
    """All pictures in the order of the set, the ranking of their pixels, and a sample of these with their labels."""

    defect: str
    pictures: list[JudgedPicture] = field(default_factory=list)
    pixels: PixelScores = field(default_factory=PixelScores)
    sampled_p: list[NDArray[np.float32]] = field(default_factory=list)
    sampled_y: list[NDArray[np.bool_]] = field(default_factory=list)

    def at(self, t_low: float | None) -> JudgedSet:
        """The same with scores as a station gives them where regions begin at `t_low`, one of REGION_STARTS; None: those of
        whole maps."""
        return replace(self, pictures=[replace(each, t_low=t_low) for each in self.pictures])

    def parts(self) -> PartScores:
        """Each part scores the largest of its views and is defective if one of them is; NaN if a view has no score."""
        scores: dict[str, list[float]] = {}
        defective = {each.sample.part for each in self.pictures if each.sample.is_defective}
        for each in self.pictures:
            scores.setdefault(each.sample.part, []).append(each.score)
        largest = {part: float(np.max(values)) for part, values in scores.items()}
        return PartScores(
            {part: score for part, score in largest.items() if part not in defective},
            {part: score for part, score in largest.items() if part in defective},
        )

    def of_pictures(self) -> PartScores:
        """Each picture as if it were a part, by its path."""
        scores = [(each.sample.is_defective, str(each.sample.picture), each.score) for each in self.pictures]
        return PartScores(
            {name: score for is_defective, name, score in scores if not is_defective},
            {name: score for is_defective, name, score in scores if is_defective},
        )

    def scores(self, counted: Counted) -> PartScores:
        """Of parts, or of pictures each by itself."""
        return self.parts() if counted == "parts" else self.of_pictures()

    def by_start(self, counted: Counted) -> ScoresByStart:
        """Scores as a station gives them, for each of REGION_STARTS."""
        return {t_low: self.at(t_low).scores(counted) for t_low in REGION_STARTS}

    def evaluation(self, counted: Counted = "parts") -> Evaluation:
        """What a package's manifest states of it."""
        dice: dict[str, list[float]] = {}
        for each in self.pictures:
            if each.comparison and each.sample.is_defective:
                dice.setdefault(each.sample.part, []).append(each.comparison.overlap.dice)
        part_of = {str(each.sample.picture): each.sample.part for each in self.pictures} if counted == "pictures" else {}
        return Evaluation(self.by_start(counted), dice, part_of)

    def comparisons(self) -> list[Comparison]:
        """Those that there are."""
        return [each.comparison for each in self.pictures if each.comparison is not None]


def pool(judged: Sequence[JudgedSet]) -> JudgedSet:
    """Sets of one defect that were judged by different networks, as one. Raises ValueError if a part is in two of them."""
    whole = JudgedSet(judged[0].defect)
    parts = [part for each in judged for part in {picture.sample.part for picture in each.pictures}]
    if len(set(parts)) < len(parts):
        raise ValueError("a part was judged twice, so that its pictures would count twice")
    for each in judged:
        whole.pictures += each.pictures
        whole.pixels.take_over(each.pixels)
        whole.sampled_p += each.sampled_p
        whole.sampled_y += each.sampled_y
    return whole


def judge_set(
    each: DefectSet,
    engine: ExportedEngine,
    smallest_defect_px: int,
    progress: Callable[[float], None] = lambda share: None,
    *,
    mask_cut: float = MASK_CUT,
) -> JudgedSet:
    """Judge every picture of a set alone; masks hold what has `mask_cut` and more.

    Raises TrainingDataError naming a file that can not be read, and TrainingStoppedError naming the picture whose map is no
    probability.
    """
    judged_set = JudgedSet(each.defect)
    rng = np.random.default_rng(0)
    sampled_px = -(-SAMPLED_PX // len(each.samples))
    for done, sample in enumerate(each.samples, 1):
        picture = read_picture(sample.picture)
        own = sample.own_of(picture)
        rgb, judged = sample.view_of(picture), sample.judged_of(picture)[own]
        probability = engine.probability(rgb[None])[0]  # (h, w)
        if not np.isfinite(probability).all():
            raise TrainingStoppedError(
                f"{sample.picture}: the engine's map holds values that are no numbers; train it again"
            )
        probability = np.where(judged, probability[own], np.float32(0))
        scores = map_score(probability, smallest_defect_px), station_scores(probability, smallest_defect_px)
        comparison = None
        if not isinstance(sample.label, Somewhere):
            labelled = sample.mask_of(picture)[own] >= 128
            comparison = compare(rgb[own], probability >= mask_cut, labelled, judged)
            judged_set.pixels.add(probability, labelled, judged)
            chosen = rng.choice(np.flatnonzero(judged), min(sampled_px, int(judged.sum())), replace=False)
            judged_set.sampled_p.append(probability.ravel()[chosen])
            judged_set.sampled_y.append(labelled.ravel()[chosen])
        judged_set.pictures.append(JudgedPicture(sample, *scores, float(rgb[own].mean()), comparison))
        progress(done / len(each.samples))
    return judged_set


def compare(rgb: Picture, found: Mask, labelled: Mask, judged: Mask) -> Comparison:
    """Compare a mask (h, w) with a label; where `judged` is False nothing counts."""
    found, labelled = found & judged, labelled & judged
    height_px, width_px = labelled.shape
    distances = [boundary_distance_px(height_px, width_px, ratio) for ratio in RATIOS]
    return Comparison(
        overlap(found, labelled, judged),
        tuple(boundary_overlap(found, labelled, distance) for distance in (*distances, THIN_PX)),
        tuple(match(found, labelled, tolerance) for tolerance in TOLERANCES_PX),
        match_regions(found, labelled),
        contrast_of(rgb, labelled),
    )


def contrast_of(rgb: Picture, labelled: Mask) -> float:
    """(ring - defect) / ring in mean grey, over all defects of a picture; NaN without a defect or a ring."""
    grown = cv2.dilate(labelled.astype(np.uint8), np.ones((2 * RING_PX + 1, 2 * RING_PX + 1), np.uint8)) > 0
    ring = grown & ~labelled
    if not labelled.any() or not ring.any():
        return float("nan")
    grey = rgb.mean(2)
    around = float(grey[ring].mean())
    return (around - float(grey[labelled].mean())) / around if around else float("nan")
