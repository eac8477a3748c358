"""Sets whose train/, valid/ and test/ are each a set of one layout, as labelling services export them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from edge_inspector.training.datasets.labelled_picture import CLEAN, Label, LabelledPicture, LabelledSet

FOLDS = ("train", "valid", "val", "test")  # what folders of a split are called


def fold_folders(folder: Path) -> list[Path]:
    """Those of a folder; one that is a link to another is the same fold, or a part would be in two."""
    there = [folder / name for name in FOLDS if (folder / name).is_dir()]
    return list({path.resolve(): path for path in reversed(there)}.values())[::-1]


def join_folds(folds: Mapping[str, LabelledSet], *, is_complete: bool = False) -> LabelledSet:
    """One set of them all, each picture in the fold of its folder; parts of one name in several folds are several.

    A defect that only other folds show is unknown where a fold's own list lacks it. Else it is absent in a picture of which
    all that its fold shows is known; where a fold shows nothing, if the set `is_complete`.
    """
    defects = tuple(sorted({defect for each in folds.values() for defect in each.defects}))
    times = Counter(part for each in folds.values() for part in {picture.part for picture in each.pictures})
    pictures = tuple(
        replace(
            picture,
            part=picture.part if times[picture.part] == 1 else f"{fold}/{picture.part}",
            labels=_labels(picture, each, defects, is_complete=is_complete),
            fold=fold,
        )
        for fold, each in folds.items()
        for picture in each.pictures
    )
    (source,) = {each.source for each in folds.values()}
    return LabelledSet(source, defects, pictures, tuple(told for each in folds.values() for told in each.oddities))


def _labels(
    picture: LabelledPicture, own: LabelledSet, defects: Sequence[str], *, is_complete: bool
) -> dict[str, Label | None]:
    was_looked_at = all(label is not None for label in picture.labels.values()) if picture.labels else is_complete
    return {
        defect: picture.labels.get(defect, CLEAN if was_looked_at and (own.listed is None or defect in own.listed) else None)
        for defect in defects
    }
