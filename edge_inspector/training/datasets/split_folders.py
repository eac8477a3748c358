"""Sets whose train/, valid/ and test/ are each a set of one layout, as labelling services export them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from edge_inspector.training.datasets.labelled_picture import CLEAN, Label, LabelledPicture, LabelledSet

FOLDS = ("train", "valid", "val", "test")  # what folders of a split are called


def fold_folders(folder: Path) -> list[Path]:
    """Those of a folder."""
    return [folder / name for name in FOLDS if (folder / name).is_dir()]


def join_folds(folds: Mapping[str, LabelledSet]) -> LabelledSet:
    """One set of them all, each picture in the fold of its folder; parts of one name in several folds are several.

    A defect that only other folds show is no defect of a picture that was looked at for all its own fold's, and unknown of
    any other: as if one file had held all.
    """
    defects = tuple(sorted({defect for each in folds.values() for defect in each.defects}))
    times = Counter(part for each in folds.values() for part in {picture.part for picture in each.pictures})
    pictures = tuple(
        replace(
            picture,
            part=picture.part if times[picture.part] == 1 else f"{fold}/{picture.part}",
            labels=_labels(picture, defects),
            fold=fold,
        )
        for fold, each in folds.items()
        for picture in each.pictures
    )
    (source,) = {each.source for each in folds.values()}
    return LabelledSet(source, defects, pictures, tuple(told for each in folds.values() for told in each.oddities))


def _labels(picture: LabelledPicture, defects: Sequence[str]) -> dict[str, Label | None]:
    other = CLEAN if all(label is not None for label in picture.labels.values()) else None
    return {defect: picture.labels.get(defect, other) for defect in defects}
