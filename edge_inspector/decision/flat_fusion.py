"""Views that stay apart: what each shows is measured in its own picture, by the recipe's millimetres a pixel."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from edge_inspector.decision.criteria import Criteria, Pair
from edge_inspector.decision.measured import Extent, Marked, Measured, PixelBox
from edge_inspector.decision.regions import ViewScale, crop_of, cut_level, region_score
from edge_inspector.decision.sizes import length_mm, width_mm
from edge_inspector.domain.judgement import Judged, Judgement, Region
from edge_inspector.domain.view import Outline, View

MAX_PLACES = 1024  # of one view at one cut: to measure more would cost more time than a part has


def measure_views(judged: Mapping[Pair, tuple[Judgement, Judged]], criteria: Criteria) -> Marked:
    """Measure what every trusted judgement marked, at each cut of the rules. One defect in two views is two places."""
    places: dict[tuple[str, float], list[Measured]] = {
        (engine, cut): [] for engine in criteria.recipe.engines for cut in criteria.cuts_for(engine)
    }
    doubts: list[str] = []
    for (camera, engine), (judgement, result) in judged.items():
        recipe, defect = criteria.recipe, criteria.defects[engine]
        scale = ViewScale.of(judgement.view, recipe.mm_per_px, result.t_low, defect.smallest_px)
        scored = [(region, region_score(region, scale)) for region in result.regions]
        for cut in criteria.cuts_for(engine):
            found = _measure_view(scored, cut, judgement.view, engine, defect.name, scale)
            if found is None:
                doubts.append(f"{camera}: more than {MAX_PLACES} places of {defect.name} at score {cut}")
            else:
                places[engine, cut] += found
    return Marked(places, tuple(doubts))


def _measure_view(
    scored: list[tuple[Region, float]], cut: float, view: View, engine: str, defect: str, scale: ViewScale
) -> list[Measured] | None:
    """Return the 8-connected places at or above `cut` of the regions whose score reaches it; None: too many to measure.

    A rule's cut lies at least twice as high as `t_low`, so that no place spans two regions and each can be measured alone.
    """
    places: list[Measured] = []
    for region, score in scored:
        if score < cut:  # not-a-number goes on, and becomes a doubt
            continue
        mask = (crop_of(region) >= cut_level(cut)).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        if len(places) + count - 1 > MAX_PLACES:
            return None
        for label in range(1, count):
            x, y, width, height, area = (int(v) for v in stats[label])
            cells = labels[y : y + height, x : x + width] == label
            box = PixelBox(region.x_px + x, region.y_px + y, width, height)
            along = along_mm(box, view.outline, scale.mm_per_px)
            places.append(
                Measured(
                    engine=engine,
                    defect=defect,
                    score=score,
                    area_mm2=area * scale.mm_per_px**2,
                    length_mm=length_mm(cells, scale.mm_per_px, scale.mm_per_px),
                    width_mm=width_mm(cells, scale.mm_per_px, scale.mm_per_px),
                    cameras=(view.camera,),
                    box=box,
                    text_mm=along.middle if along else _from_edge_mm(box, scale),
                    along_mm=along,
                    part_length_mm=part_length_mm(view.outline, scale.mm_per_px),
                )
            )
    return places


def along_mm(box: PixelBox, outline: Outline | None, mm_per_px: float) -> Extent | None:
    """Return from where to where a box of pixels lies, from the part's leading end; None without an outline."""
    if outline is None:
        return None
    leading_px = outline.end_px + 0.5  # a pixel's centre is at a whole number, its edges half a pixel aside
    return Extent((leading_px - box.x_px - box.width_px) * mm_per_px, (leading_px - box.x_px) * mm_per_px)


def part_length_mm(outline: Outline | None, mm_per_px: float) -> float | None:
    """Return how long the part is by its outline in one view."""
    return None if outline is None else (outline.end_px - outline.start_px) * mm_per_px


def _from_edge_mm(box: PixelBox, scale: ViewScale) -> float:
    """Return the place along the view's longer side, from its left or upper edge."""
    if scale.width_px >= scale.height_px:
        return (box.x_px + box.width_px / 2) * scale.mm_per_px
    return (box.y_px + box.height_px / 2) * scale.mm_per_px
