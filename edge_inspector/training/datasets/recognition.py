"""By which files and words a layout is told: a look at a folder and at one label file, before any reader reads."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON that others wrote

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.coco import LISTS
from edge_inspector.training.datasets.index_file import INDEX_FILE
from edge_inspector.training.datasets.json_file import read_json
from edge_inspector.training.datasets.labelled_picture import PICTURE_ENDINGS
from edge_inspector.training.datasets.plain import ORIGINS_FILE, PLACELESS_FILE
from edge_inspector.training.datasets.voc_masks import CLASSES, MASKS


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What can be seen of a set at once. `labels`: the file that a person named; `content`: of that or of the first .json.

    `damage`: why that could not be read, empty if it was. `columns`: of the folder's `index.csv`; empty where there is none.
    """

    folder: Path
    labels: Path | None
    content: Any
    columns: frozenset[str]
    damage: str = ""

    def holds(self, *patterns: str) -> bool:
        """Whether the folder has a file of each of these patterns."""
        return all(any(self.folder.glob(pattern)) for pattern in patterns)

    def labels_end_in(self, ending: str) -> bool:
        """Whether a label file was named, and has this ending."""
        return self.labels is not None and self.labels.suffix.lower() == ending


Fits = Callable[[Glimpse], bool]


def take_glimpse(folder: Path, labels: Path | None) -> Glimpse:
    """Look at a folder. Nothing is raised for what can not be read: it may be no label file of the set at all."""
    file = next(iter(sorted(folder.glob("*.json"))), None) if labels is None else labels
    content, damage = None, ""
    if file is not None and file.suffix.lower() == ".json":
        try:
            content = read_json(file)
        except TrainingDataError as error:
            damage = f"{error}"
    return Glimpse(folder, labels, content, _columns(folder / INDEX_FILE), damage)


def files(*patterns: str, columns: Sequence[str] = ()) -> Fits:
    """A layout told by its files alone, or by the columns of its `index.csv`; no label file belongs to it."""

    def fits(seen: Glimpse) -> bool:
        by_index = bool(columns) and seen.columns.issuperset(columns)
        return seen.labels is None and (by_index or seen.holds(*patterns))

    return fits


def is_plain(seen: Glimpse) -> bool:
    """Pictures, and masks or a table that only this layout has; its masks may still have to be drawn."""
    is_ours = any(seen.holds(name) for name in ("masks/*", PLACELESS_FILE, ORIGINS_FILE))
    return seen.labels is None and seen.holds("images/*") and is_ours


def is_coco(seen: Glimpse) -> bool:
    """One JSON object with COCO's three lists."""
    return isinstance(seen.content, dict) and all(isinstance(seen.content.get(name), list) for name in LISTS)


def is_via(seen: Glimpse) -> bool:
    """A mapping of entries with `filename` and `regions`, or a project that holds it."""
    content = seen.content
    if isinstance(content, dict) and "_via_img_metadata" in content:
        return True
    first = next(iter(content.values()), None) if isinstance(content, dict) else None
    return isinstance(first, dict) and {"filename", "regions"} <= first.keys()


def is_labelme(seen: Glimpse) -> bool:
    """JSON files beside the pictures, with a list of shapes."""
    return seen.labels is None and isinstance(seen.content, dict) and isinstance(seen.content.get("shapes"), list)


def is_cvat(seen: Glimpse) -> bool:
    """One XML file, `annotations.xml` where none is named."""
    return seen.labels_end_in(".xml") or (seen.labels is None and seen.holds("annotations.xml"))


def is_voc(seen: Glimpse) -> bool:
    """XML files, one a picture, in a folder of their own or beside the pictures."""
    if seen.labels is not None:
        return seen.labels.is_dir() and any(seen.labels.glob("*.xml"))
    if seen.holds("Annotations/*.xml") or seen.holds("annotations/*.xml"):
        return True
    pictures = {path.stem for path in seen.folder.glob("*") if path.suffix.lower() in PICTURE_ENDINGS}
    return any(path.stem in pictures for path in seen.folder.glob("*.xml"))


def is_voc_masks(seen: Glimpse) -> bool:
    """A folder of masks, and a file that says which colour is which class."""
    if seen.labels is not None:
        named = any((folder / CLASSES).is_file() for folder in (seen.labels, seen.labels.parent, seen.folder))
        return named and any(seen.labels.glob("*.png"))
    return seen.holds(f"{MASKS}/*.png", CLASSES)


def is_yolo(seen: Glimpse) -> bool:
    """A folder of text files, one a picture: labels/ beside images/, or each with folders of the split's parts in it; or,
    as CVAT and Roboflow export for darknet, a file that names the classes beside folders with both."""
    if seen.labels is not None:
        return seen.labels.is_dir() and any(seen.labels.rglob("*.txt"))
    darknet = seen.holds("obj.names") or seen.holds("_darknet.labels") or seen.holds("*/_darknet.labels")
    return darknet or any(seen.holds(pattern) for pattern in ("labels/*.txt", "labels/*/*.txt", "*/labels/*.txt"))


def is_severstal(seen: Glimpse) -> bool:
    """One CSV file, `train.csv` beside train_images/ where none is named."""
    return seen.labels_end_in(".csv") or (seen.labels is None and seen.holds("train.csv", "train_images/*"))


def _columns(index: Path) -> frozenset[str]:
    try:
        with index.open(encoding="utf-8-sig", newline="") as file:
            return frozenset(next(csv.reader(file), ()))
    except (OSError, UnicodeDecodeError, csv.Error):
        return frozenset()
