"""Tables beside a set's pictures, above all `index.csv`: one row a picture, the paths in it from the table's own folder."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_inspector.domain.errors import TrainingDataError

INDEX_FILE = "index.csv"
MOST_DIGITS = 12  # int() raises at thousands of them


@dataclass(frozen=True, slots=True)
class Row:
    """The texts of one row by column; `where` is its file and line. Every method raises TrainingDataError with it."""

    where: str
    folder: Path
    texts: Mapping[str, str]

    def file(self, column: str) -> Path:
        """The file that a column names; it is there."""
        path = self.folder / self.texts[column]
        if not path.is_file():
            raise TrainingDataError(f"{self.where}: {path} is missing; restore it, or remove the row")
        return path

    def name(self, column: str) -> str:
        """A text that is not empty."""
        if not self.texts[column].strip():
            raise TrainingDataError(f"{self.where}: {column} is empty; restore the file")
        return self.texts[column].strip()

    def count(self, column: str) -> int:
        """A whole number from 0 on."""
        text = self.texts[column]
        if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
            raise TrainingDataError(f"{self.where}: {column} is {text!r}, allowed are whole numbers; restore the file")
        return int(text)

    def is_set(self, column: str) -> bool:
        """0 or 1."""
        if self.texts[column] not in ("0", "1"):
            raise TrainingDataError(f"{self.where}: {column} is {self.texts[column]!r}, allowed are 0 and 1")
        return self.texts[column] == "1"


def read_rows(folder: Path, columns: Sequence[str]) -> list[Row]:
    """Return the rows of a folder's index, all of which have these columns.

    Raises TrainingDataError naming the file, or the line of a row that is cut off.
    """
    found = read_table(folder / INDEX_FILE, columns)
    if not found:
        raise TrainingDataError(f"{folder / INDEX_FILE}: names no picture; restore the file")
    return found


def read_table(path: Path, columns: Sequence[str]) -> list[Row]:
    """Return the rows of a CSV file with a head, all of which have these columns; there may be none.

    Raises TrainingDataError naming the file, or the line of a row that is cut off.
    """
    found = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise TrainingDataError(f"{path}:1: lacks the columns {', '.join(missing)}; restore the file")
            for texts in reader:
                where = f"{path}:{reader.line_num}"
                if None in texts or None in texts.values():
                    raise TrainingDataError(f"{where}: has not as many fields as line 1; restore the file")
                found.append(Row(where, path.parent, texts))
    except FileNotFoundError as error:
        raise TrainingDataError(f"{path}: is missing; name the folder that holds the set") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingDataError(f"{path}: can not be read ({error})") from error
    return found
