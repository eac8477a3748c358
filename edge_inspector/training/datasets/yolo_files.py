"""Which text file is whose picture's in a YOLO set, and which part and which fold a picture's place and name say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import PICTURE_ENDINGS
from edge_inspector.training.datasets.split_folders import FOLDS
from edge_inspector.training.datasets.wording import counted, listed
from edge_inspector.training.datasets.yolo_classes import NAME_FILES

IMAGES, LABELS = "images", "labels"


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture and its text file, None where it has none; its part by its name, and the fold that its folder says."""

    picture: Path
    labels: Path | None
    part: str
    fold: str


def pair_files(folder: Path, labels: Path | None) -> tuple[list[Pair], list[str]]:
    """Every picture of a set with its text file, and what is odd about them.

    The text of images/…/NAME.jpg is labels/…/NAME.txt, that of other pictures lies beside them or in labels/ there.
    `labels` names another folder: it lies there under the picture's path or its name. Raises TrainingDataError where no
    picture has a text file, or two have the same.
    """
    pictures = _pictures(folder)
    texts = _texts([labels] if labels is not None else [folder, *(path for path in folder.rglob(LABELS) if path.is_dir())])
    owners: dict[Path, Path] = {}
    found: dict[Path, Path | None] = {}
    for picture in pictures:
        text = next((texts[place] for place in _places(picture, folder, labels) if place in texts), None)
        found[picture] = text
        if text is not None and text in owners:
            raise TrainingDataError(
                f"{picture}: its labels would be {text}, which are those of {owners[text]}; rename one, or remove it"
            )
        if text is not None:
            owners[text] = picture
    lost = [
        text
        for text in texts.values()
        if text not in owners and (labels is not None or LABELS in text.relative_to(folder).parts[:-1])
    ]
    if not owners:
        where, are = folder if labels is None else labels, f"{len(lost)} .txt files there"
        why = f"none of the {are} is of a picture in {folder}" if lost else "holds no .txt file of a picture's labels"
        raise TrainingDataError(f"{where}: {why}; name the folder of the set, and with `labels` that of its .txt files")
    names, folds = _names(pictures, folder), _folds(pictures, folder)
    pairs = [Pair(picture, found[picture], names[picture], folds[picture]) for picture in pictures]
    return pairs, _lost_told(lost)


def _pictures(folder: Path) -> list[Path]:
    """Those of every folder images/, or of the folder itself where there is none."""
    places = [path for path in (folder, *sorted(folder.rglob(IMAGES))) if path.name == IMAGES and path.is_dir()]
    found = {path for place in places or [folder] for path in place.rglob("*") if not path.name.startswith(".")}
    return sorted(path for path in found if path.suffix.lower() in PICTURE_ENDINGS)


def _texts(places: Iterable[Path]) -> dict[Path, Path]:
    """Text files by their path without ending, but for those that name classes."""
    found = {path for place in places for path in place.rglob("*") if path.suffix.lower() == ".txt"}
    return {
        path.with_suffix(""): path for path in sorted(found) if path.name not in NAME_FILES and not path.name.startswith(".")
    }


def _places(picture: Path, folder: Path, labels: Path | None) -> list[Path]:
    """Where a picture's text file may lie, without its ending."""
    inside = picture.relative_to(folder).with_suffix("")
    words = inside.parts
    last = max((k for k, word in enumerate(words[:-1]) if word == IMAGES), default=None)
    if folder.name == IMAGES and last is None:  # the set's images/ itself was named
        swapped = folder.with_name(LABELS) / inside
    elif last is not None:
        swapped = folder.joinpath(*words[:last], LABELS, *words[last + 1 :])
    else:
        swapped = None
    if labels is not None:
        under = words if last is None else words[last + 1 :]
        return [labels.joinpath(*under), labels.joinpath(*words), labels / words[-1]]
    beside = [picture.with_suffix(""), picture.parent / LABELS / words[-1]]
    return beside if swapped is None else [swapped]


def _names(pictures: Iterable[Path], folder: Path) -> dict[Path, str]:
    """A picture's name, with its folders where another one has the same."""
    places = {picture: picture.relative_to(folder).with_suffix("").parts for picture in pictures}
    times = Counter(place[-1] for place in places.values())
    return {
        picture: place[-1] if times[place[-1]] == 1 else "/".join(word for word in place if word != IMAGES)
        for picture, place in places.items()
    }


def _folds(pictures: Iterable[Path], folder: Path) -> dict[Path, str]:
    """What its folders say, if they say it of every picture; else nothing of any."""
    said = {
        picture: next((word for word in picture.relative_to(folder).parts[:-1] if word in FOLDS), "") for picture in pictures
    }
    return said if all(said.values()) else dict.fromkeys(said, "")


def _lost_told(lost: Iterable[Path]) -> list[str]:
    """Folder by folder."""
    by_folder: dict[Path, list[str]] = {}
    for text in lost:
        by_folder.setdefault(text.parent, []).append(text.name)
    return [
        f"{folder}: {counted(len(names), 'text file')} without a picture left out: {listed(names)}"
        for folder, names in by_folder.items()
    ]
