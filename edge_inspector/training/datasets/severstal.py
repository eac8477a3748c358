"""The Severstal steel competition: a CSV of run lengths, a row a picture and class, and a folder of pictures 1600 x 256.

Two layouts are about: `ImageId, ClassId, EncodedPixels`, with rows of defects alone, and `ImageId_ClassId, EncodedPixels`,
with a row for each class and an empty cell where there is none.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import CLEAN, Canvas, Label, LabelledPicture, LabelledSet, Runs
from edge_inspector.training.datasets.run_lengths import decode_runs

HEIGHT_PX, WIDTH_PX = 256, 1600
DEFECTS = ("class_1", "class_2", "class_3", "class_4")


def read_severstal(labels: Path, pictures: Path) -> LabelledSet:
    """Read the pictures of a folder with the rows of a CSV; a picture without rows is clean of all four classes.

    Raises TrainingDataError naming the line of a row that can not be meant, or a picture that is missing. One with a defect
    and of another size than 1600 x 256 is refused when it is read.
    """
    rows: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for line, name, defect, text in read_rows(labels):
        if not (pictures / name).is_file():
            raise TrainingDataError(f"{labels}:{line}: {name} is not in {pictures}; restore it, or remove the row")
        if text:
            rows[name][defect].append(text)
    found = []
    for picture in sorted(path for path in pictures.glob("*") if path.suffix.lower() in (".jpg", ".png")):
        known: dict[str, Label | None] = {}
        for defect in DEFECTS:
            texts = rows[picture.name][defect]
            canvas = Canvas(f"{labels}: {picture.name}", HEIGHT_PX, WIDTH_PX)
            known[defect] = Runs(tuple(texts), canvas) if texts else CLEAN
        found.append(LabelledPicture(picture, picture.stem, "", known, "severstal"))
    if not found:
        raise TrainingDataError(f"{pictures}: holds no picture; name the folder train_images")
    return LabelledSet("severstal", DEFECTS, tuple(found))


def read_rows(labels: Path) -> Iterator[tuple[int, str, str, str]]:
    """Yield (line of the file, picture, defect, run lengths) of either layout; every run length is checked.

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
                yield rows.line_num, *_parse(f"{labels}:{rows.line_num}", row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingDataError(f"{labels}: can not be read ({error})") from error


def _parse(where: str, row: Mapping[str, str]) -> tuple[str, str, str]:
    """Return picture, defect, run lengths."""
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
        raise TrainingDataError(f"{where}: {error}") from error
    return name, f"class_{number}", text
