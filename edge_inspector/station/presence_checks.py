"""What the recipe says one whole part looks like, against its rules on the part's own measures. Pure. (line.md 1, 4)"""

from __future__ import annotations

from collections.abc import Iterator

from edge_inspector.station.conflict import Conflict
from edge_inspector.station.recipe import FullFramePresence, Limits, Recipe, SilhouettePresence, Window

NEED_BOTH_ENDS = ("length_mm", "bow_mm", "taper_mm")


def presence_conflicts(recipe: Recipe) -> Iterator[Conflict]:
    """Yield what does not go together in `presence`, and between it and `dimensions`."""
    match recipe.presence:
        case FullFramePresence() as presence:
            yield from _grey_conflicts(presence)
        case SilhouettePresence() as presence:
            yield from _window_conflicts(presence, max(recipe.view.width_px, recipe.view.height_px) * recipe.mm_per_px)
    for key in type(recipe.dimensions).model_fields:
        limits: Limits | None = getattr(recipe.dimensions, key)
        if limits is not None:
            for text in _dimension_texts(recipe, key, limits):
                yield Conflict("recipe", ("dimensions", key), f"dimensions.{key}{text}")


def _grey_conflicts(presence: FullFramePresence) -> Iterator[Conflict]:
    least, most = presence.mean_grey
    if not least < most:
        text = f"presence.mean_grey: least is {least:g}, allowed is less than most, {most:g}"
        yield Conflict("recipe", ("presence", "mean_grey"), text)
    if least <= 0 and most >= 255:
        text = (
            "presence.mean_grey: 0 to 255 takes every picture for a part, the empty belt and a dark room too, allowed is "
            "the range of good pictures, so that others fall out"
        )
        yield Conflict("recipe", ("presence", "mean_grey"), text)


def _window_conflicts(presence: SilhouettePresence, picture_mm: float) -> Iterator[Conflict]:
    for key, window in (("length_mm", presence.length_mm), ("width_mm", presence.width_mm)):
        where = f"presence.{key}.min"
        if not window.min < window.max:
            text = f"{where}: {window.min:g}, allowed is less than max, {window.max:g}"
            yield Conflict("recipe", ("presence", key, "min"), text)
        if not window.min < picture_mm:
            text = f"{where}: {window.min:g}, allowed is less than the picture's {picture_mm:g} mm"
            yield Conflict("recipe", ("presence", key, "min"), text)


def _dimension_texts(recipe: Recipe, key: str, limits: Limits) -> Iterator[str]:
    """Yield what follows the key's name."""
    presence = recipe.presence
    if limits.min is None and limits.max is None:
        yield ": says no limit, allowed is min, max or both"
    elif limits.min is not None and limits.max is not None and not limits.min < limits.max:
        yield f".min: {limits.min:g}, allowed is less than max, {limits.max:g}"
    if not isinstance(presence, SilhouettePresence):
        yield f": is measured on the silhouette, but presence is {presence.kind}, allowed is kind silhouette"
        return
    if key == "oval_mm" and recipe.surface is None:
        yield ": compares the views around a part, allowed only with `surface`"
    if presence.touches_border and key in NEED_BOTH_ENDS:
        yield ": needs both ends of the part, allowed only without presence.touches_border"
    match key:
        case "length_mm":
            yield from _never_rejects(limits, "length_mm", presence.length_mm, "shorter", "longer")
        case "diameter_mm":
            yield from _never_rejects(limits, "width_mm", presence.width_mm, "narrower", "wider")
        case _:
            most = presence.width_mm.max
            if limits.max is not None and not limits.max < most:
                yield (
                    f".max: {limits.max:g} never rejects, allowed is less than presence.width_mm.max, {most:g}: a part with "
                    "more is too wide to be taken for one, and UNINSPECTED"
                )
            if limits.min is not None and not limits.min < most:
                yield f".min: {limits.min:g} rejects every part, allowed is less than presence.width_mm.max, {most:g}"


def _never_rejects(limits: Limits, key: str, window: Window, below: str, above: str) -> Iterator[str]:
    """A part outside the presence window is UNINSPECTED: a limit there rejects nothing, one beyond it everything."""
    if limits.min is not None and not limits.min > window.min:
        yield (
            f".min: {limits.min:g} never rejects, allowed is more than presence.{key}.min, {window.min:g}: a {below} part "
            "is UNINSPECTED already"
        )
    if limits.max is not None and not limits.max < window.max:
        yield (
            f".max: {limits.max:g} never rejects, allowed is less than presence.{key}.max, {window.max:g}: a {above} part "
            "is UNINSPECTED already"
        )
    if limits.min is not None and not limits.min < window.max:
        yield f".min: {limits.min:g} rejects every part, allowed is less than presence.{key}.max, {window.max:g}"
    if limits.max is not None and not limits.max > window.min:
        yield f".max: {limits.max:g} rejects every part, allowed is more than presence.{key}.min, {window.min:g}"
