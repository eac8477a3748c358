"""The Severstal steel competition: a CSV of run lengths, a row a picture and class, and a folder of pictures 1600 x 256.

Two layouts are about: `ImageId, ClassId, EncodedPixels`, with rows of defects alone, and `ImageId_ClassId, EncodedPixels`,
with a row for each class and an empty cell where there is none.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import (
    CLEAN,
    PICTURE_ENDINGS,
    Canvas,
    Label,
    LabelledPicture,
    LabelledSet,
    Runs,
)
from edge_inspector.training.datasets.run_lengths import decode_runs
from edge_inspector.training.datasets.wording import counted, listed

HEIGHT_PX, WIDTH_PX = 256, 1600
DEFECTS = ("class_1", "class_2", "class_3", "class_4")


def read_severstal(labels: Path, pictures: Path) -> LabelledSet:
    """Read the pictures of a folder with the rows of a CSV.

    Where rows are of defects alone, what has no row is clean; where every picture has a row for each class, nothing is known
    of what has none, and it is told as an oddity. Raises TrainingDataError naming the line of a row that can not be meant,
    or whose picture is missing. One with a defect and of another size than 1600 x 256 is refused when it is read.
    """
    files = {path.name: path for path in sorted(pictures.glob("*")) if path.suffix.lower() in PICTURE_ENDINGS}
    if not files:
        raise TrainingDataError(f"{pictures}: holds no picture; name the folder train_images")
    rows: dict[tuple[str, str], list[str]] = defaultdict(list)
    lists_all = False
    for row in read_rows(labels):
        lists_all = row.lists_all
        if row.picture not in files:
            raise TrainingDataError(
                f"{labels}:{row.line}: {row.picture} is not in {pictures}; restore it, or remove the row"
            )
        rows[row.picture, row.defect] += [row.runs] if row.runs else []
    if not rows:
        raise TrainingDataError(f"{labels}: holds no row; restore the file, for without its rows all would look clean")
    found, unlisted = [], []
    for name, picture in files.items():
        canvas = Canvas(f"{labels}: {name}", HEIGHT_PX, WIDTH_PX)
        known: dict[str, Label | None] = {}
        for defect in DEFECTS:
            runs = tuple(rows.get((name, defect), ()))
            is_known = not lists_all or (name, defect) in rows
            known[defect] = Runs(runs, canvas) if runs else CLEAN if is_known else None
        if None in known.values():
            unlisted.append(name)
        found.append(LabelledPicture(picture, picture.stem, "", known, "severstal"))
    oddities = [
        f"{labels}: lacks rows of {counted(len(unlisted), 'picture')}, so nothing is known there: {listed(unlisted)}"
    ]
    return LabelledSet("severstal", DEFECTS, tuple(found), tuple(oddities if unlisted else ()))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the CSV. `runs` is empty where it says that there is none; `lists_all`: every picture should have four."""

    line: int
    picture: str
    defect: str
    runs: str
    lists_all: bool


def read_rows(labels: Path) -> Iterator[Row]:
    """Yield the rows of either layout; every run length is checked.

    Raises TrainingDataError naming the line, also of a row that is cut off: what is lost would look clean.
    """
    try:
        with labels.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            columns = rows.fieldnames or ()
            if "EncodedPixels" not in columns or not {"ImageId_ClassId", "ImageId"} & set(columns):
                wanted = "needed are ImageId, ClassId, EncodedPixels"
                raise TrainingDataError(f"{labels}:1: has the columns {', '.join(columns)}, {wanted}")
            for row in rows:
                yield _parse(labels, rows.line_num, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingDataError(f"{labels}: can not be read ({error})") from error


def _parse(labels: Path, line: int, row: Mapping[str, str]) -> Row:
    where = f"{labels}:{line}"
    if None in row or None in row.values():  # so the csv module says too many fields, and too few
        raise TrainingDataError(f"{where}: has not as many fields as line 1; restore the file")
    joined = row.get("ImageId_ClassId")
    name, _, number = joined.rpartition("_") if joined else (row.get("ImageId", ""), "", row.get("ClassId", ""))
    if not name or f"class_{number}" not in DEFECTS:
        raise TrainingDataError(f"{where}: picture {name!r}, class {number!r}: allowed are a file's name and a class 1 to 4")
    text = row["EncodedPixels"].strip()
    if not text and joined is None:
        raise TrainingDataError(
            f"{where}: EncodedPixels is empty, but with ImageId and ClassId every row is a defect; restore the file, or "
            "remove the row if nothing is there"
        )
    try:
        decode_runs(text, HEIGHT_PX, WIDTH_PX)
    except TrainingDataError as error:
        raise TrainingDataError(f"{where}: {error}; restore the file") from error
    return Row(line, name, f"class_{number}", text, lists_all=joined is not None)
