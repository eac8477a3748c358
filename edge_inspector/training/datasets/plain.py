"""Our own layout: `images/STEM.jpg`, and for one defect `masks/STEM.png`, for several `masks/DEFECT/STEM.png`.

A mask's grey level / 255 is how sure it is; all black is clean. `ignore/STEM.png` may say, by 255, where a picture is not to
be judged. A stem is PART-VIEW: the part is what stands before its last hyphen, all of it where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import Label, LabelledPicture, LabelledSet, MaskFile

PICTURES = (".jpg", ".jpeg", ".png")
MASKS = (".png",)


def read_plain(folder: Path, defect: str = "defect", *, is_complete: bool = False) -> LabelledSet:
    """Read a folder. `defect` names the only one, where the masks lie in masks/ itself.

    Of a picture without a mask for a defect nothing is known, unless `is_complete`: then it is an error. Files that are
    neither picture nor mask are told as oddities. Raises TrainingDataError naming a mask without a picture, two pictures of
    one stem, or a folder that is missing or empty.
    """
    oddities: list[str] = []
    pictures = _by_stem(folder / "images", PICTURES, oddities)
    places = _places(folder / "masks", defect, oddities)
    masks = {name: _by_stem(place, MASKS, oddities, pictures) for name, place in places.items()}
    ignored = _by_stem(folder / "ignore", MASKS, oddities, pictures) if (folder / "ignore").is_dir() else {}
    found = []
    for stem, picture in pictures.items():
        labels: dict[str, Label | None] = {}
        for name, drawn in masks.items():
            if is_complete and stem not in drawn:
                raise TrainingDataError(f"{picture}: has no mask {places[name] / stem}.png; draw it (all 0 if clean)")
            labels[name] = MaskFile(drawn[stem]) if stem in drawn else None
        part, _, view = stem.rpartition("-")
        part, view = (part, view) if part else (stem, "")
        found.append(LabelledPicture(picture, part, view, labels, "plain", ignored.get(stem)))
    return LabelledSet("plain", tuple(masks), tuple(found), tuple(oddities))


def _places(masks: Path, defect: str, oddities: list[str]) -> dict[str, Path]:
    """Of each defect the folder of its masks."""
    folders = {path.name: path for path in _visible(masks) if path.is_dir()}
    if not folders:
        return {defect: masks}
    for path in _visible(masks):
        if path.suffix.lower() in MASKS and path.is_file():
            raise TrainingDataError(
                f"{path}: lies beside the folder {next(iter(folders))}; masks of one defect lie in masks/, those of several "
                "in a folder each"
            )
        if path.is_file():
            oddities.append(f"{path}: is no folder of masks and left out")
    return folders


def _by_stem(
    folder: Path, endings: tuple[str, ...], oddities: list[str], pictures: Mapping[str, Path] | None = None
) -> dict[str, Path]:
    """The files of a folder by their stems; each has its picture, if `pictures` are given."""
    found: dict[str, Path] = {}
    for path in _visible(folder):
        if path.suffix.lower() not in endings:
            oddities.append(f"{path}: is no {', '.join(endings)} file and left out")
        elif path.stem in found:
            raise TrainingDataError(f"{path}: has the same stem as {found[path.stem].name}; rename or remove one")
        elif pictures is not None and path.stem not in pictures:
            raise TrainingDataError(f"{path}: has no picture {path.stem} in images; restore it, or remove this file")
        else:
            found[path.stem] = path
    if not found:
        raise TrainingDataError(f"{folder}: holds no {', '.join(endings)} file; fill it, or correct the path")
    return found


def _visible(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise TrainingDataError(f"{folder}: no such folder; a training set is images/ and masks/ side by side")
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
