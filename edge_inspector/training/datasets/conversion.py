"""Turns a set of any layout into our own: pictures byte for byte, masks as pixels, and nothing that was known is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_inspector.training.datasets.labelled_picture import LabelledSet, MaskFile, Somewhere, read_mask
from edge_inspector.training.datasets.plain import GUESSES_FILE, LABEL_COLUMNS, ORIGINS_FILE, PLACELESS_FILE
from edge_inspector.training.datasets.plain_writer import (
    encode_png,
    is_kept_as_it_is,
    new_plain_set,
    plain_stems,
    safe_names,
)
from edge_inspector.training.defect_set import Picture, read_ignored, read_picture


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was written to `folder`. `coded_anew` pictures were neither JPEG nor PNG and became PNG, with the same pixels.

    `masks` and `placeless` are counts by defect, in the names that it has now; `renamed` has those that could be no folder's
    name; of the defects in `unknown` no picture says anything, so that nothing of them was written.
    """

    folder: str
    pictures: int
    parts: int
    coded_anew: int
    ignored: int
    masks: dict[str, int]
    placeless: dict[str, int]
    renamed: dict[str, str]
    unknown: tuple[str, ...]
    oddities: tuple[str, ...]


def convert_set(labelled: LabelledSet, out: Path, progress: Callable[[float], None] = lambda share: None) -> Conversion:
    """Write a set as images/, masks/DEFECT/, ignore/ and `placeless.csv`; `origins.csv` says which file each picture was.

    Masks that an engine drew stay guesses, in `guesses.csv`.

    Raises TrainingDataError naming a picture or a mask that can not be used, ConfigurationError if `out` is there already
    or can not be written. Then nothing is written.
    """
    stems = plain_stems([(each.part, each.view) for each in labelled.pictures])
    names = dict(zip(labelled.defects, safe_names(labelled.defects), strict=True))
    masks, coded_anew = Counter[str](), 0
    placeless, guesses = list[tuple[str, str]](), list[tuple[str, str]]()
    with new_plain_set(out) as made:
        for done, (stem, each) in enumerate(zip(stems, labelled.pictures, strict=True), 1):
            encoded, pixels = _read(each.picture)
            is_kept = is_kept_as_it_is(encoded)
            coded_anew += not is_kept
            made.add_picture(stem, encoded if is_kept else encode_png(pixels))
            for defect, label in each.labels.items():
                if isinstance(label, Somewhere):
                    placeless.append((stem, names[defect]))
                elif label is not None:
                    mask = np.rint(255 * read_mask(label, *pixels.shape[:2])).astype(np.uint8)
                    made.add_mask(names[defect], stem, mask)
                    masks[names[defect]] += 1
                    if isinstance(label, MaskFile) and label.is_guess:
                        guesses.append((stem, names[defect]))
            if each.ignore is not None:
                made.add_ignored(stem, read_ignored(each.ignore, *pixels.shape[:2]))
            progress(done / len(stems))
        for table, rows in ((PLACELESS_FILE, placeless), (GUESSES_FILE, guesses)):
            if rows:
                made.add_table(table, LABEL_COLUMNS, rows)
        origins = [(stem, str(each.picture.resolve())) for stem, each in zip(stems, labelled.pictures, strict=True)]
        made.add_table(ORIGINS_FILE, ("stem", "picture"), origins)
    counted = Counter(defect for _, defect in placeless)
    return Conversion(
        folder=str(out),
        pictures=len(stems),
        parts=len({each.part for each in labelled.pictures}),
        coded_anew=coded_anew,
        ignored=sum(each.ignore is not None for each in labelled.pictures),
        masks={name: masks[name] for name in names.values() if masks[name]},
        placeless={name: counted[name] for name in names.values() if counted[name]},
        renamed={defect: name for defect, name in names.items() if defect != name},
        unknown=tuple(defect for defect, name in names.items() if not masks[name] + counted[name]),
        oddities=labelled.oddities,
    )


def _read(path: Path) -> tuple[bytes, Picture]:
    """A picture's file and its pixels."""
    pixels = read_picture(path)
    return path.read_bytes(), pixels
