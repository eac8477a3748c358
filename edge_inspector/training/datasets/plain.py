"""Our own layout: `images/STEM.jpg`, and for one defect `masks/STEM.png`, for several `masks/DEFECT/STEM.png`.

A mask's grey level / 255 is how sure it is; all black is clean. `ignore/STEM.png` may say, by 255, where a picture is not to
be judged. A stem is PART-VIEW: the part is what stands before its last hyphen, all of it where there is none.

`placeless.csv` (stem, defect) names pictures that show a defect of which nobody has said where. `guesses.csv` (stem, defect)
names masks that an engine drew; who has corrected one removes its row. `origins.csv` says for people which file each was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.index_file import read_table
from edge_inspector.training.datasets.labelled_picture import Label, LabelledPicture, LabelledSet, MaskFile, Somewhere

DEFECT = "defect"  # what the only defect is called that nobody named
IMAGES, MASK_FOLDER, IGNORE = "images", "masks", "ignore"
PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
MASKS = (".png",)
PLACELESS_FILE = "placeless.csv"
GUESSES_FILE = "guesses.csv"
ORIGINS_FILE = "origins.csv"
LABEL_COLUMNS = ("stem", "defect")


def read_plain(folder: Path, defect: str = "", *, is_complete: bool = False) -> LabelledSet:
    """Read a folder. `defect` names the only one, where the masks lie in masks/ itself; else it is "defect".

    Of a picture without a mask for a defect nothing is known, unless `is_complete`: then it is an error. Files that are
    neither picture nor mask, and masks that are guesses, are told as oddities. Raises TrainingDataError naming a mask
    without a picture, two pictures of one stem, a folder that is missing or empty, a line that can not be meant, and a
    `defect` that folders of masks name already.
    """
    oddities: list[str] = []
    pictures = _by_stem(folder / IMAGES, PICTURES, oddities)
    placeless = _placeless(folder / PLACELESS_FILE, pictures)
    places = _places(folder / MASK_FOLDER, defect, oddities, placeless)
    masks = {name: _by_stem(place, MASKS, oddities, pictures) for name, place in places.items()}
    ignored = _by_stem(folder / IGNORE, MASKS, oddities, pictures) if (folder / IGNORE).is_dir() else {}
    guessed = _guessed(folder / GUESSES_FILE, masks, pictures)
    if guessed:
        where, count = folder / GUESSES_FILE, len(guessed)
        oddities.append(f"{where}: {count} masks are an engine's guesses, not labels; correct each, and remove its row")
    found = []
    for stem, picture in pictures.items():
        labels: dict[str, Label | None] = {}
        for name in dict.fromkeys((*masks, *placeless)):
            label = _label(stem, masks.get(name, {}), placeless.get(name, {}))
            if label is None and is_complete:
                mask = places.get(name, folder / MASK_FOLDER / name) / f"{stem}.png"
                raise TrainingDataError(f"{picture}: has no mask {mask}; draw it (all 0 if clean)")
            if isinstance(label, MaskFile) and (stem, name) in guessed:
                label = replace(label, is_guess=True)
            labels[name] = label
        part, _, view = stem.rpartition("-")
        part, view = (part, view) if part else (stem, "")
        found.append(LabelledPicture(picture, part, view, labels, "plain", ignored.get(stem)))
    return LabelledSet("plain", tuple(found[0].labels), tuple(found), tuple(oddities))


def _label(stem: str, masks: Mapping[str, Path], placeless: Mapping[str, str]) -> Label | None:
    if stem in masks and stem in placeless:
        raise TrainingDataError(f"{placeless[stem]}: {stem} has a mask, {masks[stem]}; remove this row, or the mask")
    if stem in placeless:
        return Somewhere()
    return MaskFile(masks[stem]) if stem in masks else None


def _placeless(path: Path, pictures: Collection[str]) -> dict[str, dict[str, str]]:
    """Of each defect the stems that show it somewhere, each with the file and line that say so."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in read_table(path, LABEL_COLUMNS) if path.is_file() else ():
        stem = row.name("stem")
        if stem not in pictures:
            raise TrainingDataError(f"{row.where}: there is no picture {stem} in {IMAGES}; restore it, or remove this row")
        found[row.name("defect")][stem] = row.where
    return dict(found)


def _guessed(path: Path, masks: Mapping[str, Mapping[str, Path]], pictures: Collection[str]) -> set[tuple[str, str]]:
    """Stem and defect of each mask that is there and that the table calls an engine's; a mask may have been deleted."""
    named = set()
    for row in read_table(path, LABEL_COLUMNS) if path.is_file() else ():
        stem, defect = row.name("stem"), row.name("defect")
        if stem not in pictures:
            raise TrainingDataError(f"{row.where}: there is no picture {stem} in {IMAGES}; restore it, or remove this row")
        if defect not in masks:
            raise TrainingDataError(
                f"{row.where}: there is no folder {MASK_FOLDER}/{defect}, so its guesses would count as labels; if it was "
                "renamed, rename it here too, else remove this row"
            )
        named.add((stem, defect))
    return {(stem, defect) for stem, defect in named if stem in masks[defect]}


def _places(masks: Path, defect: str, oddities: list[str], placeless: Mapping[str, Mapping[str, str]]) -> dict[str, Path]:
    """Of each defect the folder of its masks; none at all where every label is placeless."""
    if placeless and not (masks.is_dir() and _visible(masks)):
        return {}
    folders = {path.name: path for path in _visible(masks) if path.is_dir()}
    if not folders:
        for name, stems in placeless.items():
            if name != (defect or DEFECT):
                where = next(iter(stems.values()))
                raise TrainingDataError(
                    f"{where}: names {name}, but the masks in {masks} are of one defect, {defect or DEFECT}"
                )
        return {defect or DEFECT: masks}
    if defect:
        raise TrainingDataError(
            f"{masks}: its folders name the defects ({', '.join(folders)}), so that `defect` is of no use; leave it out"
        )
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
