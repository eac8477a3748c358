"""Labels that are drawn but hard to believe. Each rule is one that a person would look for, by regions and masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edge_inspector.training.datasets.labelled_picture import Drawn
from edge_inspector.training.datasets.looking import MARKED_FROM, SeenLabel, SeenPicture, State
from edge_inspector.training.datasets.regions import reaches_beyond
from edge_inspector.training.datasets.set_warning import About, SetWarning
from edge_inspector.training.datasets.wording import counted
from edge_inspector.training.survey import LEAST_AREA_PX

MOST_COVERED = 0.5  # of a picture; more is rather the part than a defect on it, or the mask is inverted
USUAL_SHARE = 0.97  # of a defect's pictures in which it is darker, or in which it is brighter: then the others are odd


def label_doubts(seen: Sequence[SeenPicture], names: Sequence[str], defect: str) -> Iterator[SetWarning]:
    """Yield what is doubtful in the labels of one defect; `names` are what people know the pictures by."""
    drawn = [
        (name, each, label)
        for name, each in zip(names, seen, strict=True)
        if (label := each.labels.get(defect)) is not None and label.state is not State.PLACELESS
    ]
    for name, picture, label in drawn:
        yield from _of_regions(name, picture, defect)
        yield from _of_one(name, picture, label, defect)
    contrasts = [(name, label.contrast) for name, _, label in drawn if label.contrast is not None]
    yield from _of_other_brightness(contrasts, defect)


def _of_regions(name: str, picture: SeenPicture, defect: str) -> Iterator[SetWarning]:
    label = picture.picture.labels.get(defect)
    regions = [region for region, _ in label.regions] if isinstance(label, Drawn) else []
    beyond = sum(reaches_beyond(region, picture.height_px, picture.width_px) for region in regions)
    if beyond:
        which = f"{beyond} of {counted(len(regions), 'region')} of {defect}"
        yield SetWarning(About.BEYOND, f"{name}: {which}, the picture has {picture.width_px} x {picture.height_px} px")


def _of_one(name: str, picture: SeenPicture, label: SeenLabel, defect: str) -> Iterator[SetWarning]:
    tiny = [area for area in label.areas_px if area < LEAST_AREA_PX]
    if tiny:
        which = f"{len(tiny)} of {len(label.areas_px)} pieces of {defect}"
        yield SetWarning(About.TINY, f"{name}: {which} under {LEAST_AREA_PX} px, the smallest has {min(tiny)}")
    if label.is_faint:
        yield SetWarning(About.FAINT, f"{name}: {defect} nowhere above {label.highest} of 255, needed is {MARKED_FROM}")
    if label.is_grey:
        yield SetWarning(About.GREY, f"{name}: {defect}")
    covered = label.marked_px / (picture.width_px * picture.height_px)
    if label.is_along_edge:
        yield SetWarning(About.WHOLE_EDGE, f"{name}: {defect}, {100 * covered:.0f} % of the picture")
    elif covered > MOST_COVERED:
        yield SetWarning(About.LARGE, f"{name}: {defect}, {100 * covered:.0f} % of the picture")


def _of_other_brightness(contrasts: Sequence[tuple[str, float]], defect: str) -> Iterator[SetWarning]:
    """Where a defect is darker than its surroundings in nearly every picture, or brighter, the others are doubtful.

    Of twelve defects of four real sets eight are dark, or bright, in all pictures, and cracks in roads in 98 of 100. The two
    others are one with the mask of another picture, and one crack that is the brighter by a third of a grey level.
    """
    dark = sum(contrast < 0 for _, contrast in contrasts)
    if max(dark, len(contrasts) - dark) < USUAL_SHARE * len(contrasts):
        return
    usual = "darker" if 2 * dark > len(contrasts) else "brighter"
    for name, contrast in contrasts:
        if (contrast < 0) != (usual == "darker"):
            most = f"{max(dark, len(contrasts) - dark)} of {len(contrasts)} pictures"
            text = f"{name}: {defect} by {contrast:+.1f} grey levels against its surroundings, in {most} it is {usual}"
            yield SetWarning(About.CONTRAST, text)
