"""The folder `pictures/DAY/PART/`: atomic files, an age, a quota that takes the oldest parts first, free space to keep.

People add to it: the sheet of a part that somebody looked at lies beside its pictures. All in the folder counts.

Pictures of an accepted part stand beside an empty file `.accepted`, those of a part that nobody judged beside
`.uninspected`; a part with neither was rejected, so that a mark that is lost keeps its pictures longest.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from edge_inspector.domain.verdict import VerdictKind
from edge_inspector.records.retention import Retention

FOLDER_NAME = "pictures"
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_PART = re.compile(r"^(\d+)-(\d+)$")
_TEMPORARY_SUFFIX = ".part"
_COUNT_AGAIN = ".count-again"  # in the folder of all pictures: somebody besides the recorder wrote
_PICTURE_SUFFIXES = frozenset({".jpg", ".png"})
_BYTES_PER_MB = 1_000_000
REFILL_SHARE = 0.95  # of the quota is left in use when room is made
_MARKS = {VerdictKind.ACCEPT: ".accepted", VerdictKind.UNINSPECTED: ".uninspected"}


def utc_today() -> date:
    """Return the day by wall time in UTC, as the folders are named."""
    return datetime.now(UTC).date()


class PictureStore:
    """Writes pictures of parts. What goes wrong with the disk is an OSError, for the caller to count."""

    def __init__(
        self,
        state_dir: Path,
        quota_mb: int,
        keep_free_mb: int,
        retention: Retention,
        today: Callable[[], date] = utc_today,
    ) -> None:
        """Touch nothing yet.

        Args:
            state_dir: of the station.
            quota_mb: most that pictures take.
            keep_free_mb: free space of the disk below which nothing is written.
            retention: how long pictures are kept.
            today: wall time's day in UTC.
        """
        self.folder = state_dir / FOLDER_NAME
        self.retention = retention
        self._today = today
        self._swept_day: date | None = None
        self._sweep: Iterator[None] | None = None
        self.sweep_fault: str | None = None  # what could not be removed
        self._quota_bytes = quota_mb * _BYTES_PER_MB
        self._keep_free_bytes = keep_free_mb * _BYTES_PER_MB
        self._used_bytes: int | None = None  # None: to be counted at the next write

    def write(self, day: str, part: str, name: str, content: bytes) -> Path:
        """Write one file in one step and return its path; a reader never sees half of it.

        Args:
            day: ISO date.
            part: `run-seq`.
            name: of the file.
            content: its bytes.

        Raises:
            OSError: not written; nothing is left behind.
        """
        self._check_free_space(len(content))
        folder = self.folder / day / part
        used_bytes = self._make_room(len(content), folder)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        replaced_bytes = path.stat().st_size if path.exists() else 0
        temporary = folder / (name + _TEMPORARY_SUFFIX)
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        self._used_bytes = used_bytes + len(content) - replaced_bytes
        return path

    def keep_as(self, day: str, part: str, kind: VerdictKind) -> None:
        """Mark the pictures of a part that were written as those of a part with this verdict.

        Raises:
            OSError: not marked; they are kept as those of a rejected part.
        """
        folder = self.folder / day / part
        for other in _MARKS.values():
            (folder / other).unlink(missing_ok=True)
        if kind in _MARKS:
            (folder / _MARKS[kind]).touch()

    def sweep(self, most_parts: int) -> bool:
        """Look at so many parts and remove pictures that are too old; return whether there are more to look at today.

        A day is swept once; what can not be removed is said in `sweep_fault` and tried again the next day.
        """
        today = self._today()
        if self._sweep is None:
            if self._swept_day == today:
                return False
            self._swept_day, self.sweep_fault = today, None
            self._sweep = self._remove_expired(today)
        looked_at = sum(1 for _ in islice(self._sweep, most_parts))
        if looked_at < most_parts:
            self._sweep = None
        return looked_at == most_parts

    def _remove_expired(self, today: date) -> Iterator[None]:
        """Remove what is too old, and yield after each part."""
        for day, day_folder in _list_days(self.folder):
            if (today - day).days <= self.retention.fewest_days:
                return
            for folder in _list_parts(day_folder):
                try:
                    if folder.exists() and self.retention.is_expired(_kind_of(folder), day, today):
                        self._remove(folder)
                except OSError as error:
                    self.sweep_fault = f"{folder}: too old, but can not be removed ({error}); check the disk and the rights"
                yield

    def _remove(self, folder: Path) -> None:
        """Remove a part's pictures, and its day with the last of them."""
        size_bytes = _count_bytes(folder)
        shutil.rmtree(folder)
        if self._used_bytes is not None:
            self._used_bytes -= size_bytes
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()

    def _check_free_space(self, needed_bytes: int) -> None:
        if not self._keep_free_bytes:
            return
        nearest = next(folder for folder in (self.folder, *self.folder.parents) if folder.exists())
        free_bytes = shutil.disk_usage(nearest).free
        if free_bytes < self._keep_free_bytes + needed_bytes:
            raise OSError(
                f"{free_bytes // _BYTES_PER_MB} MB free on the disk of {nearest}, "
                f"{self._keep_free_bytes // _BYTES_PER_MB} MB are kept free: no more pictures; free disk space"
            )

    def _make_room(self, needed_bytes: int, keep: Path) -> int:
        """Remove parts until `needed_bytes` fit into the quota, and a little more so that it is rarely done.

        Accepted parts go first, then the oldest. The part in `keep` is not touched. Returns the bytes used afterwards.
        """
        marker = self.folder / _COUNT_AGAIN
        if marker.exists():
            marker.unlink()
            self._used_bytes = None
        if self._used_bytes is None:
            self._used_bytes = _count_bytes(self.folder)
        if self._used_bytes + needed_bytes <= self._quota_bytes:
            return self._used_bytes
        folders = list_part_folders(self.folder)
        for folder in sorted(folders, key=lambda folder: _kind_of(folder) is not VerdictKind.ACCEPT):  # a stable sort
            if self._used_bytes + needed_bytes <= self._quota_bytes * REFILL_SHARE:
                break
            if folder != keep:
                self._remove(folder)
        if self._used_bytes + needed_bytes > self._quota_bytes:
            raise OSError(f"{self.folder}: the quota of {self._quota_bytes // _BYTES_PER_MB} MB is too small for one part")
        return self._used_bytes


def write_beside(folder: Path, name: str, content: bytes) -> Path:
    """Write one file beside the pictures of a part in one step, on behalf of somebody else than the recorder.

    It counts for the quota and goes with the part's pictures.

    Args:
        folder: of the part, `pictures/DAY/PART`, which is there.
        name: of the file.
        content: its bytes.

    Raises:
        OSError: not written; the part's pictures may be gone by now.
    """
    path = folder / name
    temporary = folder / f"{name}.{os.getpid()}{_TEMPORARY_SUFFIX}"
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    (folder.parents[1] / _COUNT_AGAIN).touch()
    return path


def _count_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _kind_of(folder: Path) -> VerdictKind:
    """Return the verdict as which a part's pictures are kept."""
    return next((kind for kind, mark in _MARKS.items() if (folder / mark).exists()), VerdictKind.REJECT)


def _list_days(pictures: Path) -> list[tuple[date, Path]]:
    """Return every day's folder, oldest first."""
    found = []
    for folder in pictures.iterdir() if pictures.is_dir() else ():
        if _DAY.match(folder.name):
            with contextlib.suppress(ValueError):  # no day of the calendar, so it is not ours
                found.append((date.fromisoformat(folder.name), folder))
    return sorted(found)


def _list_parts(day: Path) -> list[Path]:
    """Return every part's folder of a day, by run and number."""
    found = [(int(match[1]), int(match[2]), folder) for folder in day.iterdir() if (match := _PART.match(folder.name))]
    return [folder for *_, folder in sorted(found)]


def list_part_folders(pictures: Path) -> list[Path]:
    """Return every part's folder, oldest day first, then by run and number."""
    return [folder for _, day in _list_days(pictures) for folder in _list_parts(day)]


def sheet_name(part: str) -> str:
    """Return the name of a part's sheet beside its pictures."""
    return f"{part}-sheet.jpg"


def camera_pictures(state_dir: Path, part: str) -> list[Path]:
    """Return the pictures kept of one part that its cameras took, by name."""
    return [path for path in list_pictures(state_dir, part) if path.name != sheet_name(part)]


def list_pictures(state_dir: Path, part: str) -> list[Path]:
    """Return the pictures kept of one part (`run-seq`), by name; its sheet among them, once somebody looked."""
    return sorted(
        path for path in (state_dir / FOLDER_NAME).glob(f"*/{part}/*") if path.suffix in _PICTURE_SUFFIXES and path.is_file()
    )
