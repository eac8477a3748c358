"""Pascal VOC's masks, as CVAT exports them (`Segmentation mask 1.1`): `SegmentationClass/NAME.png`, a colour a class.

`labelmap.txt` says whose colour it is, in lines of `name:red,green,blue:parts:actions`; `background` shows no defect.
"""

from __future__ import annotations

from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import (
    CLEAN,
    PICTURE_ENDINGS,
    Colour,
    ColourMask,
    Label,
    LabelledPicture,
    LabelledSet,
)
from edge_inspector.training.datasets.text_file import read_lines
from edge_inspector.training.datasets.wording import counted, listed

MASKS, CLASSES, BACKGROUND = "SegmentationClass", "labelmap.txt", "background"


def read_voc_masks(masks: Path, pictures: Path, classes: Path, *, is_complete: bool = False) -> LabelledSet:
    """Read a folder of masks, one of pictures of the same stems, and the file that names the masks' colours.

    A picture without a mask is clean if `is_complete`, else nothing is known of it. Raises TrainingDataError naming a class
    without a colour of its own, with its line, or two pictures of one stem; a mask is looked at when it is read.
    """
    colours = read_colours(classes)
    names = {colour: name for name, colour in colours.items()}
    defects = tuple(name for name in colours if name != BACKGROUND)
    if not defects:
        raise TrainingDataError(f"{classes}: names no class but {BACKGROUND}; export the set again")
    drawn = {path.stem: path for path in sorted(masks.glob("*.png"))}
    found, taken, without = [], dict[str, Path](), []
    for picture in sorted(path for path in pictures.glob("*") if path.suffix.lower() in PICTURE_ENDINGS):
        stem = picture.stem
        if stem in taken:
            raise TrainingDataError(
                f"{picture}: has the same stem as {taken[stem].name}; rename one with its mask, or remove it"
            )
        taken[stem] = picture
        known: dict[str, Label | None] = dict.fromkeys(defects, CLEAN if is_complete else None)
        if stem in drawn:
            known = {name: ColourMask(drawn[stem], colours[name], frozenset(names)) for name in defects}
        elif not is_complete:
            without.append(picture.name)
        found.append(LabelledPicture(picture, stem, "", known, "voc_masks"))
    oddities = [f"{path}: its picture is not in {pictures}; left out" for stem, path in drawn.items() if stem not in taken]
    if without:
        what = f"{counted(len(without), 'picture')} without a mask, of which nothing is known: {listed(without)}"
        oddities.append(f"{pictures}: {what}; say `complete` if they are clean")
    return LabelledSet("voc_masks", defects, tuple(found), tuple(oddities), frozenset(defects))


def read_colours(path: Path) -> dict[str, Colour]:
    """Each class's colour, red, green and blue, by its name in small letters, in the order of the file.

    Raises TrainingDataError with file and line for one that has none, or another's.
    """
    found: dict[str, Colour] = {}
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        where, words = f"{path}:{number}", [word.strip() for word in line.split(":")]
        name, colour = words[0].lower(), _colour(words[1]) if len(words) > 1 else None
        if not name or colour is None:
            raise TrainingDataError(f"{where}: is {line.strip()!r}, needed is NAME:RED,GREEN,BLUE, each from 0 to 255")
        if name in found:
            raise TrainingDataError(f"{where}: names {name} a second time; remove one")
        if colour in found.values():
            (other,) = (each for each, its in found.items() if its == colour)
            raise TrainingDataError(f"{where}: {name} has the colour of {other}; no mask can tell them apart")
        found[name] = colour
    return found


def _colour(text: str) -> Colour | None:
    words = [word.strip() for word in text.split(",")]
    if len(words) != 3 or not all(word.isascii() and word.isdigit() and int(word) <= 255 for word in words):
        return None
    red, green, blue = map(int, words)
    return red, green, blue
