"""What one engine learns from, or is measured on: the pictures that are labelled for its defect, clean ones included.

A picture of which a set says nothing for the defect is left out: not labelled is not clean.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.labelled_picture import Label, LabelledSet, MaskFile, Somewhere, read_mask

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture, what is known of one defect in it, and what was found when it was looked at.

    `positive_px` of `judged_px` pixels show the defect (128 and more of 255); both are 0 where nobody said where it is.
    """

    picture: Path
    part: str
    label: Label
    ignore: Path | None
    is_defective: bool
    positive_px: int
    judged_px: int
    digest: str

    def read(self) -> tuple[Picture, Picture]:
        """RGB uint8 (h, w, 3) and mask uint8 (h, w), 0..255: how sure it is. Raises TrainingDataError naming the file."""
        rgb = self.read_picture()
        return rgb, self.read_mask(*rgb.shape[:2])

    def read_picture(self) -> Picture:
        """RGB uint8 (h, w, 3). Raises TrainingDataError naming the file."""
        return read_picture(self.picture)

    def read_mask(self, height_px: int, width_px: int) -> Picture:
        """The mask of a picture of this size, uint8 (h, w). Raises TrainingDataError naming what is damaged or missing."""
        if isinstance(self.label, Somewhere):
            raise TrainingDataError(f"{self.picture}: is labelled defective, but nobody said where; draw a mask")
        return _bytes(read_mask(self.label, height_px, width_px))

    def read_judged(self) -> NDArray[np.bool_] | None:
        """Where the picture is to be judged, bool (h, w); None: everywhere. Raises TrainingDataError naming the file."""
        return None if self.ignore is None else ~read_ignored(self.ignore)


@dataclass(frozen=True, slots=True)
class DefectSet:
    """Samples of one defect. `source` is the folder that holds them all, for messages."""

    source: str
    defect: str
    samples: tuple[Sample, ...]

    @property
    def defective(self) -> tuple[bool, ...]:
        """Of each sample, whether it shows the defect."""
        return tuple(sample.is_defective for sample in self.samples)

    @property
    def positive_share(self) -> float:
        """Of all pixels that are judged, those that show the defect."""
        return sum(sample.positive_px for sample in self.samples) / max(sum(sample.judged_px for sample in self.samples), 1)

    @property
    def digest(self) -> str:
        """SHA-256 over pictures, labels and their order."""
        return hashlib.sha256("".join(sample.digest for sample in self.samples).encode()).hexdigest()

    def parts(self) -> dict[str, list[int]]:
        """Positions in `samples` of each part's pictures."""
        parts: dict[str, list[int]] = {}
        for i, sample in enumerate(self.samples):
            parts.setdefault(sample.part, []).append(i)
        return parts

    def of_parts(self, names: Collection[str]) -> DefectSet:
        """The samples of these parts, part by part in the order of `names`."""
        parts = self.parts()
        chosen = tuple(self.samples[i] for name in names for i in parts.get(name, ()))
        return DefectSet(self.source, self.defect, chosen)


def defect_set(labelled: LabelledSet, defect: str, progress: Callable[[float], None] = lambda share: None) -> DefectSet:
    """Look at every picture that is known for the defect: it is decoded, its mask drawn, both digested.

    Raises TrainingDataError naming a file that is damaged, a mask of another size, or that no picture is known for it.
    """
    if defect not in labelled.defects:
        raise TrainingDataError(f"{labelled.source}: has no labels for {defect}, only for {', '.join(labelled.defects)}")
    known = [each for each in labelled.pictures if each.labels.get(defect) is not None]
    if not known:
        raise TrainingDataError(f"{labelled.source}: no picture is labelled for {defect}, clean ones neither")
    samples = []
    for done, each in enumerate(known, 1):
        label = each.labels[defect]
        assert label is not None
        samples.append(_look(each.picture, each.part, label, each.ignore))
        progress(done / len(known))
    folder = os.path.commonpath([each.picture.parent for each in known])
    return DefectSet(folder, defect, tuple(samples))


def read_picture(path: Path) -> Picture:
    """RGB uint8 (h, w, 3). Raises TrainingDataError naming the file."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise TrainingDataError(f"{path}: can not be decoded; replace the picture, or remove it and its label")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def read_ignored(path: Path) -> NDArray[np.bool_]:
    """Where a picture is not to be judged, bool (h, w). Raises TrainingDataError naming the file."""
    ignored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if ignored is None or ignored.ndim != 2 or ignored.dtype != np.uint8:
        raise TrainingDataError(f"{path}: is not a picture of 8 bit and one channel; export it again")
    return np.asarray(ignored >= 128)


def _look(picture: Path, part: str, label: Label, ignore: Path | None) -> Sample:
    height_px, width_px = read_picture(picture).shape[:2]
    digest = hashlib.sha256(picture.read_bytes())
    if isinstance(label, Somewhere):
        digest.update(b"somewhere")
        return Sample(picture, part, label, ignore, True, 0, 0, digest.hexdigest())
    is_positive = _bytes(read_mask(label, height_px, width_px)) >= 128
    judged_px = is_positive.size
    if ignore is not None:
        ignored = read_ignored(ignore)
        if ignored.shape != is_positive.shape:
            is_px = f"{ignored.shape[1]} x {ignored.shape[0]} px"
            raise TrainingDataError(
                f"{ignore}: is {is_px}, its picture {width_px} x {height_px} px; draw it on this picture"
            )
        is_positive &= ~ignored
        judged_px -= int(np.count_nonzero(ignored))
        digest.update(ignore.read_bytes())
    digest.update(label.path.read_bytes() if isinstance(label, MaskFile) else repr(label).encode())
    positive_px = int(np.count_nonzero(is_positive))
    return Sample(picture, part, label, ignore, positive_px > 0, positive_px, judged_px, digest.hexdigest())


def _bytes(mask: NDArray[np.float32]) -> Picture:
    return np.asarray(np.rint(255.0 * mask), np.uint8)
