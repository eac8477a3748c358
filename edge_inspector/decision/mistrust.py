"""Whether the numbers of a judgement can be used at all. What can not is a doubt, never a clean view."""

from __future__ import annotations

from edge_inspector.decision.criteria import Criteria
from edge_inspector.decision.regions import crop_of
from edge_inspector.domain.judgement import Judged, Judgement
from edge_inspector.domain.view import View

MAX_REGIONS = 1024
_MAX_REGION_PX = 4 << 20  # of all boxes; inference's own bound is lower, so that this one never decides on a healthy line
_SCORE_TOLERANCE = 0.01  # a score is a mean of probabilities: above all of them by more than rounding, something is lost


def has_size(view: View, criteria: Criteria) -> bool:
    """Whether a view has the size that the recipe asks for."""
    shape = criteria.recipe.view
    return (view.height_px, view.width_px) == (shape.height_px, shape.width_px)


def why_mistrusted(judgement: Judgement, result: Judged, criteria: Criteria) -> str:
    """Return why the numbers of a judgement can not be used, or an empty string. Comparisons fail towards mistrust."""
    view, expected = judgement.view, criteria.recipe.view
    rules = criteria.rules_for(judgement.engine)
    if not has_size(view, criteria):
        return f"view of {view.width_px} × {view.height_px} px, expected {expected.width_px} × {expected.height_px}"
    if not 0.0 <= result.score <= 1.0:
        return f"score {result.score} is outside 0..1"
    if not (rules and 0.0 <= result.t_low <= min(rule.min_score for rule in rules) / 2):
        return f"t_low {result.t_low:g} is above half the lowest min_score of the rules for {judgement.engine}"
    if len(result.regions) > MAX_REGIONS:
        return f"{len(result.regions)} regions, at most {MAX_REGIONS}"
    if (total_px := sum(r.width_px * r.height_px for r in result.regions)) > _MAX_REGION_PX:
        return f"regions of {total_px} px, at most {_MAX_REGION_PX}"
    for region in result.regions:
        if len(region.probability) != region.width_px * region.height_px:
            return f"a region of {region.width_px} × {region.height_px} px with {len(region.probability)} bytes"
        if region.x_px + region.width_px > view.seen_width_px or region.y_px + region.height_px > view.seen_height_px:
            return "a region reaches beyond what the camera saw"
    highest = max((int(crop_of(region).max()) / 255 for region in result.regions), default=0.0)
    if not result.score <= max(highest, result.t_low) + _SCORE_TOLERANCE:
        return f"score {result.score:.2f} is above every probability in its regions ({highest:.2f})"
    return ""
