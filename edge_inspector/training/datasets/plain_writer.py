"""Writes a set in our own layout: beside its place first, moved there when it is whole: an interrupt leaves nothing."""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import ConfigurationError
from edge_inspector.imaging.decode import JPEG_START, PNG_START
from edge_inspector.imaging.pages import TIFF_STARTS, page_count
from edge_inspector.training.datasets.plain import IGNORE, IMAGES, MASK_FOLDER

MOST_NAME_BYTES = 100  # of a part or of a view: a file's name may have 255
_UNSAFE = re.compile(r"[^\w.-]+")


class PlainSetWriter:
    """A set in the making. What the disk refuses is an OSError."""

    def __init__(self, folder: Path) -> None:
        """`folder` is there and empty."""
        self.folder = folder

    def add_picture(self, stem: str, encoded: bytes) -> None:
        """Keep a JPEG, PNG or TIFF file byte for byte."""
        ending = "png" if encoded.startswith(PNG_START) else "tif" if encoded.startswith(TIFF_STARTS) else "jpg"
        self._write(self.folder / IMAGES / f"{stem}.{ending}", encoded)

    def add_mask(self, defect: str, stem: str, mask: NDArray[np.uint8]) -> None:
        """A mask, uint8 (h, w): value / 255 is how sure it is, all 0 is clean."""
        self._write(self.folder / MASK_FOLDER / defect / f"{stem}.png", encode_png(mask))

    def add_ignored(self, stem: str, ignored: NDArray[np.bool_]) -> None:
        """Where a picture is not to be judged, bool (h, w)."""
        self._write(self.folder / IGNORE / f"{stem}.png", encode_png(np.where(ignored, np.uint8(255), np.uint8(0))))

    def add_table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A CSV file beside the folders."""
        with (self.folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(rows)

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:  # two pictures of one name would be a mistake of ours
            file.write(content)


@contextmanager
def new_plain_set(folder: Path) -> Iterator[PlainSetWriter]:
    """A set that appears at `folder` when all went well; else nothing of it stays.

    Raises ConfigurationError if something is there already, or the disk does not take it.
    """
    if folder.exists() or folder.is_symlink():
        raise ConfigurationError(f"{folder}: is there already, and is not replaced; name another folder, or remove it")
    if not folder.parent.is_dir():
        raise ConfigurationError(f"{folder}: there is no folder {folder.parent}; make it, or name another")
    making = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        making.mkdir()
        yield PlainSetWriter(making)
        making.rename(folder)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: can not be written ({error.strerror or error}); name a folder elsewhere"
        ) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def encode_png(picture: NDArray[np.uint8]) -> bytes:
    """Return a PNG file of a mask, uint8 (h, w), or of a picture, uint8 (h, w, 3), RGB."""
    done, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture)
    if not done:
        raise ValueError(f"no PNG can be made of an array of shape {picture.shape}")
    return bytes(encoded)


def is_kept_as_it_is(encoded: bytes) -> bool:
    """Whether our layout takes a picture's own file: a JPEG or a PNG, whatever its name ends in, or a TIFF of bands."""
    return encoded.startswith((JPEG_START, PNG_START)) or page_count(encoded) > 1


def plain_stems(named: Sequence[tuple[str, str]]) -> list[str]:
    """Return a file's stem for each (part, view): PART-VIEW, or PART where there is no view.

    Read again, pictures of one part are of one part, and those of two never share one. The last hyphen parts PART from VIEW,
    so hyphens of a view become underscores, and those of a part one of whose pictures has no view. What a file's name should
    not have becomes one too. No two stems differ in upper and lower case alone.

    >>> plain_stems([("p 1", "left"), ("p 1", "left"), ("scan-2", ""), ("3-17", "c1")])
    ['p_1-left', 'p_1-left_2', 'scan_2', '3-17-c1']
    """
    viewless = {part for part, view in named if not view}
    parts = dict.fromkeys(part for part, _ in named)
    unparted = [part.replace("-", "_") if part in viewless else part for part in parts]
    names = dict(zip(parts, safe_names(unparted), strict=True))
    taken: dict[str, set[str]] = defaultdict(set)
    stems = []
    for part, view in named:
        own = _unlike(_safe(view.replace("-", "_")) if view else "", taken[part])
        stems.append(f"{names[part]}-{own}" if own else names[part])
    return stems


def safe_names(words: Sequence[str]) -> list[str]:
    """Return a name for each word, no two alike even where upper and lower case are one, that a file or folder may have.

    >>> safe_names(["crack", "rolled-in scale", "a/b", "A_B", ".."])
    ['crack', 'rolled-in_scale', 'a_b', 'A_B_2', '_.']
    """
    taken: set[str] = set()
    return [_unlike(_safe(word), taken) for word in words]


def _safe(word: str) -> str:
    name = _UNSAFE.sub("_", word).encode()[:MOST_NAME_BYTES].decode(errors="ignore") or "_"
    return f"_{name[1:]}" if name[0] in ".-" else name  # hidden, or an option to a shell's commands


def _unlike(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken; then it is taken as well."""
    numbered = (f"{name}_{number}" if name else str(number) for number in count(2))
    found = next(each for each in chain([name], numbered) if each.casefold() not in taken)
    taken.add(found.casefold())
    return found
