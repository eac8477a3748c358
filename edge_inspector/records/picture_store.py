"""The folder `pictures/DAY/PART/`: atomic files, a quota that takes the oldest parts first, and free space to keep."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

FOLDER_NAME = "pictures"
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_PART = re.compile(r"^(\d+)-(\d+)$")
_TEMPORARY_SUFFIX = ".part"
_BYTES_PER_MB = 1_000_000
REFILL_SHARE = 0.95  # of the quota is left in use when room is made


class PictureStore:
    """Writes pictures of parts. What goes wrong with the disk is an OSError, for the caller to count."""

    def __init__(self, state_dir: Path, quota_mb: int, keep_free_mb: int) -> None:
        self.folder = state_dir / FOLDER_NAME
        self._quota_bytes = quota_mb * _BYTES_PER_MB
        self._keep_free_bytes = keep_free_mb * _BYTES_PER_MB
        self._used_bytes: int | None = None  # counted at the first write

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
        if self._used_bytes is None:
            self._used_bytes = _count_bytes(self.folder)
        folder = self.folder / day / part
        self._used_bytes = self._make_room(self._used_bytes, len(content), folder)
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
        self._used_bytes += len(content) - replaced_bytes
        return path

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

    def _make_room(self, used_bytes: int, needed_bytes: int, keep: Path) -> int:
        """Remove the oldest parts until `needed_bytes` fit into the quota, and a little more so that it is rarely done.

        The part in `keep` is not touched. Returns the bytes used afterwards.
        """
        if used_bytes + needed_bytes <= self._quota_bytes:
            return used_bytes
        for folder in list_part_folders(self.folder):
            if used_bytes + needed_bytes <= self._quota_bytes * REFILL_SHARE:
                break
            if folder != keep:
                used_bytes -= _count_bytes(folder)
                shutil.rmtree(folder)
                if not any(folder.parent.iterdir()):
                    folder.parent.rmdir()
        if used_bytes + needed_bytes > self._quota_bytes:
            raise OSError(f"{self.folder}: the quota of {self._quota_bytes // _BYTES_PER_MB} MB is too small for one part")
        return used_bytes


def _count_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def list_part_folders(pictures: Path) -> list[Path]:
    """Return every part's folder, oldest day first, then by run and number."""
    if not pictures.is_dir():
        return []
    found: list[tuple[str, int, int, Path]] = []
    for day in pictures.iterdir():
        if _DAY.match(day.name):
            for folder in day.iterdir():
                if match := _PART.match(folder.name):
                    found.append((day.name, int(match[1]), int(match[2]), folder))
    return [folder for *_, folder in sorted(found)]


def list_pictures(state_dir: Path, part: str) -> list[Path]:
    """Return the files kept of one part (`run-seq`), by name."""
    return sorted(
        path
        for path in (state_dir / FOLDER_NAME).glob(f"*/{part}/*")
        if path.is_file() and not path.name.endswith(_TEMPORARY_SUFFIX)
    )
