"""DAGM 2007: one folder a class of texture, `ClassN/Train|Test/NNNN.PNG`; defects are ellipses in `Label/NNNN_label.PNG`.

`Label/Labels.txt` says of every picture whether it is defective; its first line is 1, fields are parted by tabs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import (
    ANY_GREY,
    CLEAN,
    Label,
    LabelledPicture,
    LabelledSet,
    MaskFile,
)
from edge_inspector.training.datasets.text_file import read_lines
from edge_inspector.training.datasets.wording import counted, listed

DEFECT = "defect"
HALVES = ("Train", "Test")


def read_dagm(folder: Path) -> LabelledSet:
    """Read one folder `ClassN/Train` or `ClassN/Test`, or both of `ClassN`, each a fold, `train` and `test`.

    Pictures that no line names are left out and told as oddities. Raises TrainingDataError naming the line or the file at
    fault.
    """
    halves = [folder / name for name in HALVES if (folder / name).is_dir()] or [folder]
    found, oddities = [], []
    for half in halves:
        lines = read_labels(half / "Label" / "Labels.txt")
        found += _read_half(half, lines)
        named = {picture.lower() for picture, _ in lines}
        unnamed = [path.name for path in sorted(half.glob("*.[Pp][Nn][Gg]")) if path.name.lower() not in named]
        if unnamed:
            oddities.append(
                f"{half}: {counted(len(unnamed), 'picture')} without a line in Label/Labels.txt left out: {listed(unnamed)}"
            )
    return LabelledSet("dagm", (DEFECT,), tuple(found), tuple(oddities))


def _read_half(folder: Path, lines: Sequence[tuple[str, str]]) -> list[LabelledPicture]:
    found = []
    for picture, mask in lines:
        for name in (folder / picture, *([folder / "Label" / mask] if mask else [])):
            if not name.is_file():
                raise TrainingDataError(f"{name}: is named in Label/Labels.txt and missing; restore it")
        label: Label = MaskFile(folder / "Label" / mask, ANY_GREY, marks=True) if mask else CLEAN
        part = f"{folder.parent.name}_{folder.name}_{Path(picture).stem}".lower()
        fold = folder.name.lower()
        found.append(LabelledPicture(folder / picture, part, "", {DEFECT: label}, "dagm", fold=fold))
    return found


def read_labels(path: Path) -> list[tuple[str, str]]:
    """Return (picture, mask) of every line of a Labels.txt; the mask is empty where the picture is good.

    Raises TrainingDataError naming the line.
    """
    lines = read_lines(path)
    if not lines or lines[0].strip() != "1":
        raise TrainingDataError(f"{path}:1: is no DAGM label file, whose first line is 1")
    found = []
    for number, line in enumerate(lines[1:], 2):
        fields = line.strip().split("\t")
        if fields == [""]:
            continue
        if len(fields) < 5 or fields[1] not in ("0", "1") or (fields[1] == "1") != (fields[4] != "0"):
            raise TrainingDataError(f"{path}:{number}: needed are number, 0 or 1, picture, 0, and a mask where it is 1")
        found.append((fields[2], fields[4] if fields[1] == "1" else ""))
    if not found:
        raise TrainingDataError(f"{path}: names no picture")
    return found
