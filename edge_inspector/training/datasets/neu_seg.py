"""NEU-Seg: hot-rolled steel, `images/NAME.jpg` with `annotations/NAME.png`, whose grey levels number three defects.

Dong, Song et al. 2019, "PGA-Net: Pyramid feature fusion and global context attention network for automated surface defect
detection", IEEE TII; no licence is stated, so neither its pictures nor a network trained on them may ship. No picture is
without defects. In mirrors nearly every picture has turned or mirrored copies, most of those named `_test` too: a score on
them measures memory, so no split is offered. A copy can not be told by its name: keep one of each before splitting.
"""

from __future__ import annotations

from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import LabelledPicture, LabelledSet, MaskFile

DEFECTS = ("inclusion", "patches", "scratches")
GREY = {defect: number for number, defect in enumerate(DEFECTS, 1)}  # 0: none of them


def read_neu_seg(folder: Path) -> LabelledSet:
    """Read the folder that holds images/ and annotations/; every picture is a part.

    Raises TrainingDataError naming a picture or a mask that lacks the other.
    """
    pictures = {path.stem: path for path in sorted((folder / "images").glob("*.jpg"))}
    masks = {path.stem: path for path in sorted((folder / "annotations").glob("*.png"))}
    if not pictures:
        raise TrainingDataError(f"{folder / 'images'}: holds no picture; name the folder with images and annotations")
    for stem in sorted(pictures.keys() ^ masks.keys()):
        alone, other = (pictures[stem], "mask in annotations") if stem in pictures else (masks[stem], "picture in images")
        raise TrainingDataError(f"{alone}: has no {other}; restore it")
    known = frozenset({0, *GREY.values()})
    found = tuple(
        LabelledPicture(
            path,
            stem,
            "",
            {defect: MaskFile(masks[stem], frozenset({grey}), known) for defect, grey in GREY.items()},
            "neu_seg",
        )
        for stem, path in pictures.items()
    )
    return LabelledSet("neu_seg", DEFECTS, found)
