"""The `index.csv` of a set of pictures: one line a picture, with the paths of its files from the index's own folder."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError

INDEX_FILE = "index.csv"
FIRST_LINE = 2  # of the file; the first names the columns


def read_index(folder: Path, columns: Sequence[str]) -> list[Mapping[str, str]]:
    """Return the lines by column; `path` and `mask` of each are files that are there.

    Raises TrainingDataError naming the index, a column that it lacks, or a file that is missing.
    """
    index = folder / INDEX_FILE
    if not index.is_file():
        raise TrainingDataError(f"{index}: is missing; name the folder that holds the set with --data")
    with index.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        missing = [column for column in columns if column not in (rows.fieldnames or ())]
        if missing:
            raise TrainingDataError(f"{index}:1: lacks the columns {', '.join(missing)}; restore the file")
        found: list[Mapping[str, str]] = list(rows)
    for row in found:
        for path in (folder / row["path"], folder / row["mask"]):
            if not path.is_file():
                raise TrainingDataError(f"{path}: is named in {index} and missing; restore it")
    return found
