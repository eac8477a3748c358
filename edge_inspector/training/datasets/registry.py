"""Every layout that can be read, by a name, with what a person says to read it: one table for all who open a set by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args  # Any: JSON that others wrote

from edge_inspector.domain.errors import ConfigurationError, TrainingDataError
from edge_inspector.training.datasets.augmented_copies import join_copies
from edge_inspector.training.datasets.boxes_for_outlines import boxes_told
from edge_inspector.training.datasets.coco import read_coco
from edge_inspector.training.datasets.crackforest import read_crackforest
from edge_inspector.training.datasets.cvat import read_cvat
from edge_inspector.training.datasets.dagm import read_dagm
from edge_inspector.training.datasets.json_entry import shown
from edge_inspector.training.datasets.json_file import read_json
from edge_inspector.training.datasets.kolektor import read_kolektor
from edge_inspector.training.datasets.kolektor2 import Published, read_kolektor2
from edge_inspector.training.datasets.labelled_picture import LabelledSet
from edge_inspector.training.datasets.labelme import read_labelme
from edge_inspector.training.datasets.magnetic_tile import read_magnetic_tile
from edge_inspector.training.datasets.neu_seg import read_neu_seg
from edge_inspector.training.datasets.plain import read_plain
from edge_inspector.training.datasets.recognition import (
    Fits,
    files,
    is_coco,
    is_cvat,
    is_labelme,
    is_plain,
    is_severstal,
    is_via,
    is_voc,
    is_voc_masks,
    is_yolo,
    take_glimpse,
)
from edge_inspector.training.datasets.severstal import read_severstal
from edge_inspector.training.datasets.split_folders import fold_folders, join_folds
from edge_inspector.training.datasets.via import read_via
from edge_inspector.training.datasets.voc import read_voc
from edge_inspector.training.datasets.voc_masks import CLASSES, MASKS, read_voc_masks
from edge_inspector.training.datasets.wording import counted
from edge_inspector.training.datasets.yolo import read_yolo

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class SetRequest:
    """How a person names a set. What is empty, None or false was not said.

    `labels`: the file, or folder, of labels where the layout keeps them apart. `subset`: one of several that a folder holds.
    `defect`: the name of one that the layout leaves without. `attribute`: which attribute of a region names its defect.
    `complete`: every picture was looked at, so that one without a label is clean, and not unknown. `is_fold`: it is one of
    several folders of a set, which need not show a defect.
    """

    folder: Path
    reader: str = AUTO
    labels: Path | None = None
    subset: str = ""
    defect: str = ""
    attribute: str = ""
    complete: bool = False
    is_fold: bool = False

    def words(self) -> list[str]:
        """The same as arguments of a command line, but for a reader that is found out."""
        said = {name: getattr(self, name) for name in ("reader", *OPTIONS)}
        words = [str(self.folder)]
        for name, value in said.items():
            if value and value != AUTO:
                words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
        return words


OPTIONS = ("labels", "subset", "defect", "attribute", "complete")  # of a request, beyond folder and reader


@dataclass(frozen=True, slots=True)
class Reader:
    """One layout: what its folder holds, what `labels` names (empty: nothing), and which options it takes besides.

    `splits`: a folder may also hold train/, valid/, test/ that are each one of this layout.
    """

    folder: str
    fits: Fits
    read: Callable[[SetRequest], LabelledSet]
    labels: str = ""
    subsets: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    splits: bool = False

    @property
    def takes(self) -> tuple[str, ...]:
        """The options that it takes, in their order."""
        taken = {*self.options, *(["labels"] if self.labels else []), *(["subset"] if self.subsets else [])}
        return tuple(option for option in OPTIONS if option in taken)


def open_set(request: SetRequest) -> LabelledSet:
    """Read the set that a person named; `source` of what is returned is the reader's name. Copies of a picture are one part.

    Raises ConfigurationError for a folder, a reader or an option that is none, an option that is missing, and where `auto`
    does not know; TrainingDataError for what is wrong with the set, or if it has no picture.
    """
    if not request.folder.is_dir():
        raise ConfigurationError(f"{request.folder}: there is no such folder; name the one that holds the set")
    name = recognise(request.folder, request.labels) if request.reader == AUTO else request.reader
    reader = READERS.get(name)
    if reader is None:
        raise ConfigurationError(f"{name!r} is no reader; allowed are {AUTO}, {', '.join(READERS)}")
    foreign = [option for option in OPTIONS if getattr(request, option) and option not in reader.takes]
    if foreign:
        allowed = ", ".join(reader.takes) or "none"
        raise ConfigurationError(f"reader {name} has no use for {', '.join(foreign)}; the options that it takes: {allowed}")
    if reader.subsets and request.subset not in reader.subsets:
        said = f"has no subset {request.subset!r}" if request.subset else "needs a subset"
        raise ConfigurationError(f"reader {name} {said}; allowed are {', '.join(reader.subsets)}")
    _refuse_unspeakable(request.folder)
    try:
        found = _read(reader, request)
    except OSError as error:  # a name in a label file that is too long for a file, a folder that may not be looked into
        what = f"{error.strerror}: {shown(str(error.filename))}"
        raise TrainingDataError(
            f"{request.folder}: can not be read as {name} ({what}); correct the label file, or the folder"
        ) from error
    if not found.pictures:
        raise TrainingDataError(
            f"{request.folder}: holds no picture of a set that is read as {name}{_oddities(found)}; it should hold "
            f"{reader.folder}. Restore the pictures, or name the folder that has them"
        )
    found = join_copies(found, f"{request.folder}")
    return replace(found, oddities=(*found.oddities, *boxes_told(found)))


def _read(reader: Reader, request: SetRequest) -> LabelledSet:
    """The set, or those of its folders train/, valid/, test/ where these hold it."""
    folds = fold_folders(request.folder) if reader.splits and request.labels is None else []
    if not folds or reader.fits(take_glimpse(request.folder, None)):
        return reader.read(request)
    found = {path.name: reader.read(replace(request, folder=path, is_fold=True)) for path in folds}
    joined = join_folds(found, is_complete=request.complete)
    if not joined.defects:
        raise TrainingDataError(
            f"{request.folder}: none of {', '.join(found)} shows a defect; export the set with its labels"
        )
    return joined


def _refuse_unspeakable(folder: Path) -> None:
    """A name that is no UTF-8, as old archives hold, can not be written into any file."""
    for path in folder.rglob("*"):
        try:
            path.name.encode()
        except UnicodeEncodeError as error:
            name = path.name.encode(errors="surrogateescape").decode(errors="replace")
            raise TrainingDataError(f"{path.parent}: the name of the file {name!r} is no UTF-8; rename it") from error


def _oddities(found: LabelledSet) -> str:
    """The first thing that was odd, and how many more were."""
    more = f", and {counted(len(found.oddities) - 1, 'thing')} more" if len(found.oddities) > 1 else ""
    return f" ({found.oddities[0]}{more})" if found.oddities else ""


def recognise(folder: Path, labels: Path | None = None) -> str:
    """Return the name of the only reader that a set looks made for.

    Raises ConfigurationError where there is none or several, naming them, or `labels` are not there; TrainingDataError
    where there is none and the label file can not be read.
    """
    if labels is not None and not labels.exists():
        raise ConfigurationError(f"{labels}: there is no such file or folder; name the one that holds the labels")
    seen = take_glimpse(folder, labels)
    fitting = [name for name, reader in READERS.items() if reader.fits(seen)]
    folds = [] if fitting or labels is not None else [take_glimpse(path, None) for path in fold_folders(folder)]
    of_folds = [name for name, reader in READERS.items() if folds and all(map(reader.fits, folds))]
    fitting = fitting or [name for name in of_folds if READERS[name].splits]
    if len(fitting) == 1:
        return fitting[0]
    where = folder if labels is None else f"{folder} with {labels}"
    if fitting:
        raise ConfigurationError(
            f"{where}: {' and '.join(fitting)} would both fit; say which is meant: --reader, or `reader` in a training file"
        )
    if of_folds:
        names = " and ".join(each.folder.name for each in folds)
        raise ConfigurationError(f"{folder}: holds {names}, each read as {of_folds[0]} for itself; name one of them")
    if not any(path.is_file() for path in folder.rglob("*")):
        raise ConfigurationError(f"{folder}: is empty; name the folder that holds the set")
    if seen.damage:
        raise TrainingDataError(f"{seen.damage}; restore the file, or say which `reader` and `labels` are meant")
    raise ConfigurationError(
        f"{where}: looks like no layout that is known; say its `reader`, and where its `labels` lie if they lie apart: "
        f"{', '.join(READERS)}"
    )


def _labels_file(request: SetRequest, pattern: str) -> Path:
    """The file that the request names, else the only one of its folder."""
    if request.labels is not None:
        return request.labels
    found = sorted(request.folder.glob(pattern))
    if len(found) == 1:
        return found[0]
    many = f"holds {len(found)} files {pattern}" if found else f"holds no {pattern}"
    raise ConfigurationError(f"{request.folder}: {many}; name the one that is meant as `labels`")


def _subfolder(folder: Path, *names: str) -> Path:
    """The first of these in a folder, else the folder itself."""
    return next((folder / name for name in names if (folder / name).is_dir()), folder)


def _named_from(folder: Path, names: Iterable[str]) -> Path:
    """The folder from which names of pictures start: this one, or images/ in it where none of them is here."""
    inside = folder / "images"
    return inside if inside.is_dir() and not any((folder / name).is_file() for name in names) else folder


def _read_coco(request: SetRequest) -> LabelledSet:
    path = _labels_file(request, "*.json")
    content = read_json(path)
    images = content.get("images") if isinstance(content, dict) else None
    pictures = _named_from(request.folder, _texts(images, "file_name"))
    return read_coco(path, pictures, is_complete=request.complete, shows_any=not request.is_fold)


def _read_via(request: SetRequest) -> LabelledSet:
    path = _labels_file(request, "*.json")
    content = read_json(path)
    entries = content.get("_via_img_metadata", content) if isinstance(content, dict) else None
    pictures = _named_from(request.folder, _texts(list(entries.values()) if isinstance(entries, dict) else None, "filename"))
    return read_via(path, pictures, request.defect, request.attribute, is_complete=request.complete)


def _texts(entries: Any, key: str) -> list[str]:
    """What entries say under a key. A file that is not as it should be is its reader's to refuse."""
    found = [entry.get(key) for entry in (entries if isinstance(entries, list) else ()) if isinstance(entry, dict)]
    return [name for name in found if isinstance(name, str)]


def _read_voc(request: SetRequest) -> LabelledSet:
    folder = request.folder
    return read_voc(
        request.labels or _subfolder(folder, "Annotations", "annotations"), _subfolder(folder, "JPEGImages", "images")
    )


def _read_voc_masks(request: SetRequest) -> LabelledSet:
    folder = request.folder
    masks = request.labels or folder / MASKS
    classes = next((path for path in (masks / CLASSES, masks.parent / CLASSES) if path.is_file()), folder / CLASSES)
    return read_voc_masks(masks, _subfolder(folder, "JPEGImages", "images"), classes, is_complete=request.complete)


def _read_severstal(request: SetRequest) -> LabelledSet:
    return read_severstal(_labels_file(request, "train.csv"), _subfolder(request.folder, "train_images"))


_PUBLISHED: tuple[Published, ...] = get_args(Published)


def _read_kolektor2(request: SetRequest) -> LabelledSet:
    (published,) = (each for each in _PUBLISHED if each == request.subset)  # `open_set` refuses others
    return read_kolektor2(request.folder, published)


READERS: Mapping[str, Reader] = {
    "plain": Reader(
        folder="images/, and masks/DEFECT/ of the same stems, or masks/ for one defect",
        fits=is_plain,
        read=lambda ask: read_plain(ask.folder, ask.defect, is_complete=ask.complete),
        options=("defect", "complete"),
    ),
    "coco": Reader(
        folder="the pictures, or images/ with them; or train/, valid/, … with these",
        labels="COCO's JSON; default: the only .json of the folder",
        fits=is_coco,
        read=_read_coco,
        options=("complete",),
        splits=True,
    ),
    "via": Reader(
        folder="the pictures, or images/ with them",
        labels="VIA's JSON of version 1 or 2; default: the only .json of the folder",
        fits=is_via,
        read=_read_via,
        options=("defect", "attribute", "complete"),
    ),
    "labelme": Reader(
        folder="the pictures, beside each its .json",
        fits=is_labelme,
        read=lambda ask: read_labelme(ask.folder, is_complete=ask.complete),
        options=("complete",),
    ),
    "cvat": Reader(
        folder="the pictures, or images/ with them",
        labels="the XML of `CVAT for images 1.1`; default: annotations.xml in the folder",
        fits=is_cvat,
        read=lambda ask: read_cvat(
            _labels_file(ask, "annotations.xml"), _subfolder(ask.folder, "images"), is_complete=ask.complete
        ),
        options=("complete",),
    ),
    "voc": Reader(
        folder="the pictures, or JPEGImages/ or images/ with them; or train/, valid/, … with these",
        labels="a folder of XML files; default: Annotations/ or annotations/ in the folder, or the folder itself",
        fits=is_voc,
        read=_read_voc,
        splits=True,
    ),
    "voc_masks": Reader(
        folder="labelmap.txt and the pictures, or JPEGImages/ or images/ with them; or train/, valid/, … with these",
        labels="a folder of masks, a colour a class; default: SegmentationClass/ in the folder",
        fits=is_voc_masks,
        read=_read_voc_masks,
        options=("complete",),
        splits=True,
    ),
    "yolo": Reader(
        folder="images/ and labels/ with a .txt for each picture, or train/, valid/, … with these",
        labels="a folder of .txt files; default: labels/ beside images/",
        fits=is_yolo,
        read=lambda ask: read_yolo(ask.folder, ask.labels, ask.defect, is_complete=ask.complete),
        options=("defect", "complete"),
    ),
    "severstal": Reader(
        folder="the pictures, or train_images/ with them",
        labels="the CSV of run lengths; default: train.csv in the folder",
        fits=is_severstal,
        read=_read_severstal,
    ),
    "dagm": Reader(
        folder="ClassN, or its Train or Test, with Label/Labels.txt",
        fits=lambda seen: seen.labels is None and (seen.holds("Label/Labels.txt") or seen.holds("T*/Label/Labels.txt")),
        read=lambda ask: read_dagm(ask.folder),
    ),
    "kolektor": Reader(
        folder="kos01/PartM.jpg, kos02/…, or index.csv",
        fits=files("kos*/Part*.jpg", columns=("path", "mask", "number", "duplicate_of")),
        read=lambda ask: read_kolektor(ask.folder),
    ),
    "kolektor2": Reader(
        folder="train/ and test/ with NNNNN.png and NNNNN_GT.png",
        subsets=_PUBLISHED,
        fits=lambda seen: seen.labels is None and (seen.holds("train/*_GT.png") or seen.holds("test/*_GT.png")),
        read=_read_kolektor2,
    ),
    "magnetic_tile": Reader(
        folder="MT_Blowhole/Imgs/, MT_Break/Imgs/, …, or index.csv",
        fits=files("MT_*/Imgs/*.jpg", columns=("path", "mask", "class", "group")),
        read=lambda ask: read_magnetic_tile(ask.folder),
    ),
    "crackforest": Reader(
        folder="image/NNN.jpg and groundTruth/NNN.mat, or index.csv",
        fits=files("image/*.jpg", "groundTruth/*.mat", columns=("path", "mask", "label4_pixels", "pair_ok")),
        read=lambda ask: read_crackforest(ask.folder),
    ),
    "neu_seg": Reader(
        folder="images/NAME.jpg and annotations/NAME.png",
        fits=files("images/*.jpg", "annotations/*.png"),
        read=lambda ask: read_neu_seg(ask.folder),
    ),
}
