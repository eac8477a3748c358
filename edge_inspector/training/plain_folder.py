"""A training set as plain folders: `images/*.jpg|png` and `masks/*.png` with the same stems, 255 = defect.

Where pictures are labelled for several defects, `masks/DEFECT/*.png`. A third folder, `ignore/*.png`, may say by 255 where a
picture is not to be judged: nothing is learned there, and nothing counts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingDataError

Picture = NDArray[np.uint8]
ENDINGS = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture and its mask. `part` groups the views of one part: the stem up to its last hyphen."""

    picture: Path
    mask: Path
    part: str
    ignore: Path | None = None

    def read(self) -> tuple[Picture, Picture]:
        """RGB uint8 (h, w, 3) and mask uint8 (h, w), 0 or 255. Raises TrainingDataError naming the file."""
        bgr = cv2.imread(str(self.picture), cv2.IMREAD_COLOR)
        if bgr is None:
            raise TrainingDataError(f"{self.picture}: can not be decoded; replace the picture or remove it and its mask")
        mask = self.read_mask()
        if bgr.shape[:2] != mask.shape:
            raise TrainingDataError(
                f"{self.mask}: is {mask.shape[1]} x {mask.shape[0]} px but {self.picture.name} is "
                f"{bgr.shape[1]} x {bgr.shape[0]} px; draw the mask again on this picture"
            )
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8), mask

    def read_mask(self) -> Picture:
        """The mask alone, uint8 (h, w). Raises TrainingDataError naming the file."""
        mask = cv2.imread(str(self.mask), cv2.IMREAD_UNCHANGED)
        if mask is None or mask.ndim != 2 or mask.dtype != np.uint8:
            raise TrainingDataError(f"{self.mask}: is not a picture of 8 bit and one channel; export the mask again")
        return np.asarray(mask, np.uint8)

    def read_judged(self) -> NDArray[np.bool_] | None:
        """Where the picture is to be judged, bool (h, w); None: everywhere. Raises TrainingDataError naming the file."""
        if self.ignore is None:
            return None
        ignored = cv2.imread(str(self.ignore), cv2.IMREAD_UNCHANGED)
        if ignored is None or ignored.ndim != 2 or ignored.dtype != np.uint8:
            raise TrainingDataError(f"{self.ignore}: is not a picture of 8 bit and one channel; export it again")
        return np.asarray(ignored < 128)


@dataclass(frozen=True, slots=True)
class PlainFolder:
    """A folder whose pictures and masks match by name. Every mask has been read once: `positive_share` is of all pixels."""

    path: Path
    samples: tuple[Sample, ...]
    defective: tuple[bool, ...]
    positive_share: float
    digest: str

    def parts(self) -> dict[str, list[int]]:
        """Positions in `samples` of each part's views."""
        parts: dict[str, list[int]] = {}
        for i, sample in enumerate(self.samples):
            parts.setdefault(sample.part, []).append(i)
        return parts


def open_plain_folder(path: Path, defect: str = "") -> PlainFolder:
    """Match pictures to masks, those of `masks/defect` if one is named; read every mask, digest every file.

    Raises TrainingDataError naming the file at fault.
    """
    pictures = _by_stem(path / "images", ENDINGS)
    masks = _by_stem(path / "masks" / defect, (".png",))
    ignored = _by_stem(path / "ignore", (".png",)) if (path / "ignore").is_dir() else {}
    for stem, picture in pictures.items():
        if stem not in masks:
            raise TrainingDataError(f"{picture}: has no mask {path / 'masks' / defect / stem}.png; draw it (all 0 if clean)")
    for stem, mask in masks.items():
        if stem not in pictures:
            raise TrainingDataError(f"{mask}: has no picture in {path / 'images'}; restore it or remove the mask")
    samples = tuple(
        Sample(picture, masks[stem], stem.rpartition("-")[0] or stem, ignored.get(stem))
        for stem, picture in pictures.items()
    )
    return describe_samples(path, samples)


def describe_samples(path: Path, samples: tuple[Sample, ...]) -> PlainFolder:
    """These samples of `path` as a set of their own: every mask is read, every file digested. Raises TrainingDataError."""
    digest = hashlib.sha256()
    defective, positive, pixels = [], 0, 0
    for sample in samples:
        drawn, judged = sample.read_mask(), sample.read_judged()
        count = int(np.count_nonzero(drawn if judged is None else drawn[judged]))
        defective.append(count > 0)
        positive += count
        pixels += drawn.size
        for file in (sample.picture, sample.mask, *([sample.ignore] if sample.ignore else [])):
            digest.update(f"{file.parent.name}/{file.name}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return PlainFolder(path, samples, tuple(defective), positive / pixels, digest.hexdigest())


def _by_stem(folder: Path, endings: tuple[str, ...]) -> dict[str, Path]:
    if not folder.is_dir():
        raise TrainingDataError(f"{folder}: no such folder; a training set is images/ and masks/ side by side")
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() not in endings:
            continue
        if file.stem in found:
            raise TrainingDataError(f"{file}: has the same name as {found[file.stem].name}; rename or remove one")
        found[file.stem] = file
    if not found:
        raise TrainingDataError(f"{folder}: holds no {' or '.join(endings)} file; fill it or correct the path")
    return found
