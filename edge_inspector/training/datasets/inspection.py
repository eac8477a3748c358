"""What a set of labelled pictures holds, and what is doubtful in it, from its pictures once looked at. Nothing is opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_inspector.training.datasets.copies import Copies, find_copies
from edge_inspector.training.datasets.label_doubts import label_doubts
from edge_inspector.training.datasets.labelled_picture import LabelledSet
from edge_inspector.training.datasets.looking import SeenPicture, State, UnreadPicture
from edge_inspector.training.datasets.set_warning import About, SetWarning


@dataclass(frozen=True, slots=True)
class AreaStatistics:
    """Areas of the `count` 8-connected pieces of a defect; `low_px` and `high_px` are the 5th and the 95th percentile."""

    count: int
    least_px: float
    low_px: float
    median_px: float
    high_px: float
    most_px: float


@dataclass(frozen=True, slots=True)
class DefectCounts:
    """One defect: pictures and parts by what is known of them, and how large it is where it is drawn.

    `placeless` pictures show it, but nobody said where. A part is defective if any picture of it is, else clean if one is.
    `share` is what is marked of the pixels that are judged in pictures with a mask, those of clean ones included.
    """

    defect: str
    defective: int
    placeless: int
    clean: int
    unknown: int
    parts_defective: int
    parts_clean: int
    parts_unknown: int
    soft_masks: int
    areas: AreaStatistics | None
    share: float


@dataclass(frozen=True, slots=True)
class SizeCount:
    """So many pictures have this size."""

    width_px: int
    height_px: int
    count: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """A whole set. Pictures are named by their paths from `folder`.

    `unread` pictures can not be used and are in no other count but `pictures` and `parts`; `unlabelled` ones are known for
    no defect; `structureless` ones show too little to be compared with others. `equal` are copies pixel for pixel.
    """

    source: str
    folder: str
    pictures: int
    parts: int
    unread: int
    unlabelled: int
    grey: int
    bands: tuple[int, ...]  # how many multispectral pictures have, each number once; 0 where pictures are grey or in colour
    structureless: int
    sizes: tuple[SizeCount, ...]
    defects: tuple[DefectCounts, ...]
    equal: tuple[Copies, ...]
    alike: tuple[Copies, ...]
    warnings: tuple[SetWarning, ...]


def inspect_set(
    labelled: LabelledSet,
    looked_at: Sequence[SeenPicture | UnreadPicture],
    folder: Path,
    progress: Callable[[float], None] = lambda share: None,
) -> Inspection:
    """Count, measure, compare and doubt. `looked_at` are the set's pictures; progress is that of comparing."""
    seen = [each for each in looked_at if isinstance(each, SeenPicture)]
    unread = [each for each in looked_at if isinstance(each, UnreadPicture)]
    names = [name_of(each.picture.picture, folder) for each in seen]
    copies = find_copies(seen, names, progress)
    return Inspection(
        source=labelled.source,
        folder=str(folder),
        pictures=len(looked_at),
        parts=len({each.picture.part for each in looked_at}),
        unread=len(unread),
        unlabelled=sum(all(label is None for label in each.labels.values()) for each in seen),
        grey=sum(each.is_grey for each in seen),
        bands=tuple(sorted({len(each.bands) for each in seen})),
        structureless=sum(each.structure is None for each in seen),
        sizes=count_sizes(seen),
        defects=tuple(count_defect(seen, defect) for defect in labelled.defects),
        equal=copies.equal,
        alike=copies.alike,
        warnings=(
            *(SetWarning(About.UNREAD, each.why) for each in unread),
            *(SetWarning(About.READER, oddity) for oddity in labelled.oddities),
            *copies.warnings,
            *(warning for defect in labelled.defects for warning in label_doubts(seen, names, defect)),
        ),
    )


def name_of(picture: Path, folder: Path) -> str:
    """What people know a picture by: its path from the set's folder, whole where it lies elsewhere."""
    return picture.relative_to(folder).as_posix() if picture.is_relative_to(folder) else str(picture)


def count_sizes(seen: Sequence[SeenPicture]) -> tuple[SizeCount, ...]:
    """The sizes of pictures, the most frequent first."""
    sizes = Counter((each.width_px, each.height_px) for each in seen)
    return tuple(SizeCount(*size, count) for size, count in sorted(sizes.items(), key=lambda item: (-item[1], item[0])))


def count_defect(seen: Sequence[SeenPicture], defect: str) -> DefectCounts:
    """Pictures, parts and pieces of one defect."""
    known = [(each.picture.part, label) for each in seen if (label := each.labels.get(defect)) is not None]
    states = Counter(label.state for _, label in known)
    parts_known = {part for part, _ in known}
    parts_defective = {part for part, label in known if label.state is not State.CLEAN}
    labels = [label for _, label in known]
    return DefectCounts(
        defect=defect,
        defective=states[State.DEFECTIVE],
        placeless=states[State.PLACELESS],
        clean=states[State.CLEAN],
        unknown=len(seen) - len(known),
        parts_defective=len(parts_defective),
        parts_clean=len(parts_known - parts_defective),
        parts_unknown=len({each.picture.part for each in seen} - parts_known),
        soft_masks=sum(label.is_soft for label in labels),
        areas=_statistics([area for label in labels for area in label.areas_px]),
        share=sum(label.marked_px for label in labels) / max(sum(label.judged_px for label in labels), 1),
    )


def _statistics(areas_px: Sequence[int]) -> AreaStatistics | None:
    if not areas_px:
        return None
    return AreaStatistics(len(areas_px), *(float(value) for value in np.percentile(areas_px, (0, 5, 50, 95, 100))))
