"""Comma-separated tables of a recording, read strictly: exact header, every cell checked, faults with FILE:LINE."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_inspector.domain.errors import RecordingError


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table, which knows where it stands."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def fault(self, what: str) -> RecordingError:
        """An error that names this line; to be raised by the caller."""
        return RecordingError(f"{self.path}:{self.line}: {what}")

    def text(self, column: str) -> str:
        """The cell, which must not be empty."""
        if not self.cells[column]:
            raise self.fault(f"{column} is empty; fill it in or remove the line")
        return self.cells[column]

    def whole(self, column: str) -> int:
        """The cell as a whole number, 0 or more."""
        cell = self.cells[column]
        if not (cell.isascii() and cell.isdigit()):
            raise self.fault(f"{column} is {cell!r}, allowed is a whole number of 0 or more; correct the line")
        return int(cell)

    def positive(self, column: str) -> float:
        """The cell as a finite number greater than 0."""
        cell = self.cells[column]
        try:
            number = float(cell)
        except ValueError:
            number = 0.0
        if not 0.0 < number < float("inf"):
            raise self.fault(f"{column} is {cell!r}, allowed is a finite number greater than 0; correct the line")
        return number


def read_table(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows below the header, which must name exactly `columns`. Raises RecordingError."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if header != list(columns):
                raise RecordingError(f"{path}:1: header is {','.join(header)!r}, expected {','.join(columns)!r}")
            for cells in reader:
                if len(cells) != len(columns):
                    raise RecordingError(
                        f"{path}:{reader.line_num}: {len(cells)} cells, expected {len(columns)} "
                        f"({','.join(columns)}); the file may be cut short: copy the session again"
                    )
                yield Row(path, reader.line_num, dict(zip(columns, cells, strict=True)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path}: can not be read ({error}); copy the session again or record it anew") from error


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[int | str]]) -> None:
    """Write what `read_table` reads."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
