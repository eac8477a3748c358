"""Looks at one labelled picture: decoded once, each of its masks drawn once, and what a report needs kept of both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.imaging.pages import as_rgb, page_count
from edge_inspector.training.datasets.labelled_picture import (
    ANY_GREY,
    Label,
    LabelledPicture,
    MaskFile,
    Somewhere,
    decode_file,
    read_mask,
    refuse_other_size,
)
from edge_inspector.training.datasets.near_duplicates import Structure, structure_of
from edge_inspector.training.defect_set import Picture, read_ignored, read_picture

MARKED_FROM = 128  # of 255: from here on a pixel shows the defect
_BESIDE_PX, _FAR_PX = 2, 8  # what lies so far from a defect is its surroundings; nearer, masks are vague


class State(StrEnum):
    """What a label says of one defect in one picture. Where there is no label nothing is known."""

    DEFECTIVE = "defective"
    PLACELESS = "no place"  # shows it, and nobody said where
    CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class SeenLabel:
    """A label as pixels, of those that are to be judged.

    `areas_px`: of the 8-connected defects. `highest`: the mask's surest value, 0..255. `is_soft`: it has others than these.
    `is_grey`: its file has more than two grey levels although every one above 0 counts as the defect. `is_along_edge`:
    every pixel along the picture's edge is marked. `contrast`: mean grey level of the defect, less its surroundings'; None
    where there are none. `digest`: SHA-256 of the mask, empty where nothing is marked.
    """

    state: State
    areas_px: tuple[int, ...] = ()
    marked_px: int = 0
    judged_px: int = 0
    highest: int = 0
    is_soft: bool = False
    is_grey: bool = False
    is_along_edge: bool = False
    contrast: float | None = None
    digest: str = ""

    @property
    def is_faint(self) -> bool:
        """Whether something is drawn, and no pixel of it for sure."""
        return 0 < self.highest < MARKED_FROM


@dataclass(frozen=True, slots=True)
class BandLevel:
    """Of the values of one band of a picture, 0..1: their mean, and the mean of their squares."""

    mean: float
    mean_square: float


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """What was found in a picture. `is_grey`: its channels are equal; `digest`: SHA-256 of its pixels and size.

    `labels` has every defect of the picture's own; None: nothing is known of it. `bands`: of a multispectral picture.
    """

    picture: LabelledPicture
    width_px: int
    height_px: int
    is_grey: bool
    digest: str
    structure: Structure | None
    labels: Mapping[str, SeenLabel | None]
    bands: tuple[BandLevel, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadPicture:
    """A picture that can not be used. `why` names the file at fault, and what to do."""

    picture: LabelledPicture
    why: str


def look_at(picture: LabelledPicture) -> SeenPicture | UnreadPicture:
    """Decode a picture and draw its masks; what is damaged or does not fit is not raised but returned."""
    try:
        pixels = read_picture(picture.picture)
        judged = None if picture.ignore is None else ~read_ignored(picture.ignore, *pixels.shape[:2])
        labels = {defect: None if label is None else _see(label, pixels, judged) for defect, label in picture.labels.items()}
    except (TrainingDataError, OSError) as error:
        return UnreadPicture(picture, str(error))
    height, width = pixels.shape[:2]
    return SeenPicture(
        picture=picture,
        width_px=width,
        height_px=height,
        is_grey=bool((pixels == pixels[..., :1]).all()),
        digest=_digest(pixels),
        structure=structure_of(pixels),
        labels=labels,
        bands=_levels(pixels) if page_count(picture.picture.read_bytes()) > 1 else (),
    )


def _levels(pixels: Picture) -> tuple[BandLevel, ...]:
    values = pixels.astype(np.float64) / 255.0
    means, squares = values.mean((0, 1)), (values**2).mean((0, 1))
    return tuple(BandLevel(float(mean), float(square)) for mean, square in zip(means, squares, strict=True))


def _see(label: Label, picture: Picture, judged: NDArray[np.bool_] | None) -> SeenLabel:
    if isinstance(label, Somewhere):
        refuse_other_size(label.canvas, *picture.shape[:2])
        return SeenLabel(State.PLACELESS)
    mask = np.rint(255 * read_mask(label, *picture.shape[:2])).astype(np.uint8)  # (h, w)
    is_marked = mask >= MARKED_FROM
    if judged is not None:
        is_marked &= judged
    highest, judged_px = int(mask.max()), is_marked.size if judged is None else int(np.count_nonzero(judged))
    if not is_marked.any():
        return SeenLabel(State.CLEAN, judged_px=judged_px, highest=highest, is_soft=highest > 0)
    _, _, boxes, _ = cv2.connectedComponentsWithStats(is_marked.astype(np.uint8), connectivity=8)
    return SeenLabel(
        state=State.DEFECTIVE,
        areas_px=tuple(int(area) for area in boxes[1:, cv2.CC_STAT_AREA]),
        marked_px=int(np.count_nonzero(is_marked)),
        judged_px=judged_px,
        highest=highest,
        is_soft=bool(((mask > 0) & (mask < 255)).any()),
        is_grey=isinstance(label, MaskFile) and label.values == ANY_GREY and _has_greys(label),
        is_along_edge=bool(is_marked[[0, -1]].all() and is_marked[:, [0, -1]].all()),
        contrast=_contrast(picture, is_marked),
        digest=_digest(mask),
    )


def _has_greys(mask: MaskFile) -> bool:
    """Whether a file that `read_mask` has read holds more than black and one grey level."""
    levels = np.unique(np.asarray(decode_file(mask.path, cv2.IMREAD_GRAYSCALE)))
    return bool(np.count_nonzero(levels) > 1)


def _contrast(picture: Picture, is_marked: NDArray[np.bool_]) -> float | None:
    """Mean grey level of what is marked, less that of what lies around it; None where nothing lies around it."""
    marked = is_marked.astype(np.uint8)
    near, far = (cv2.dilate(marked, np.ones((2 * px + 1, 2 * px + 1), np.uint8)) for px in (_BESIDE_PX, _FAR_PX))
    around = (far > 0) & (near == 0)
    if not around.any():
        return None
    grey = cv2.cvtColor(as_rgb(picture), cv2.COLOR_RGB2GRAY)
    return float(grey[is_marked].mean() - grey[around].mean())


def _digest(pixels: Picture) -> str:
    return hashlib.sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()
