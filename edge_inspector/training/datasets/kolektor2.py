"""KolektorSDD2: `train/NNNNN.png` and `test/NNNNN.png`, each with its mask `NNNNN_GT.png`, black where the part is good.

Božič et al. 2021, "Mixed supervision for surface-defect detection", Computers in Industry; CC BY-NC-SA 4.0, so neither its
pictures nor a network trained on them may ship. Its two folders are the split that published numbers are of.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, get_args

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import ANY_GREY, LabelledPicture, LabelledSet, MaskFile

Published = Literal["train", "test", "both"]
HALVES = ("train", "test")
DEFECT = "defect"
_NAME = re.compile(r"(\d+)(_GT)?\.png")


def read_kolektor2(folder: Path, published: Published) -> LabelledSet:
    """Read one of the two published sets, or both, each a fold; a picture is a part of its own, `train_10000`.

    Files of other names are left out and told as oddities. Raises TrainingDataError naming a picture or a mask that lacks
    the other.
    """
    if published not in get_args(Published):
        raise TrainingDataError(f"{folder}: has no set {published!r}, allowed are {', '.join(get_args(Published))}")
    found: list[LabelledPicture] = []
    oddities: list[str] = []
    for half in HALVES if published == "both" else (published,):
        pictures, odd = _read_half(folder, half)
        found += pictures
        oddities += odd
    return LabelledSet("kolektor2", (DEFECT,), tuple(found), tuple(oddities))


def _read_half(folder: Path, half: str) -> tuple[list[LabelledPicture], list[str]]:
    pictures, masks, oddities = {}, {}, []
    for path in sorted((folder / half).glob("*")):
        name = _NAME.fullmatch(path.name)
        if name is None:
            oddities.append(f"{path}: is named neither NNNNN.png nor NNNNN_GT.png and left out")
        elif name[2]:
            masks[name[1]] = path
        else:
            pictures[name[1]] = path
    if not pictures:
        raise TrainingDataError(f"{folder / half}: holds no picture NNNNN.png; name the folder that holds train and test")
    for number in sorted(pictures.keys() ^ masks.keys()):
        alone, other = (pictures[number], "mask") if number in pictures else (masks[number], "picture")
        raise TrainingDataError(f"{alone}: has no {other}; restore it")
    found = [
        LabelledPicture(path, f"{half}_{number}", "", {DEFECT: MaskFile(masks[number], ANY_GREY)}, "kolektor2", fold=half)
        for number, path in pictures.items()
    ]
    return found, oddities
