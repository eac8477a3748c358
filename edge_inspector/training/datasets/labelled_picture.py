"""One labelled picture, as every reader yields it: where the file is, which part it shows, and what is known of each defect.

Labels are kept as they were written (a mask's file, regions, run lengths) and become pixels when they are read: a set of
ten thousand pictures costs no memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # of 8 or 16 bit

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import TrainingDataError
from edge_inspector.training.datasets.regions import Region, cover, named
from edge_inspector.training.datasets.run_lengths import decode_runs

# Of layouts that do not fix them, in small letters.
PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
SoftMask = NDArray[np.float32]  # (h, w), 0..1
Colour = tuple[int, int, int]  # red, green, blue, 0..255
ANY_GREY = frozenset(range(1, 256))
FROM_HALF_GREY = frozenset(range(128, 256))


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A picture of one channel. `values`: the grey levels that mean the defect; None: grey level / 255 is how sure it is.

    `known`: the grey levels that mean anything, where they number classes; a mask with any other one is refused. `is_guess`:
    an engine drew it, and nobody has corrected it yet. `marks`: whether the set says elsewhere that it shows the defect; a
    mask that says otherwise is refused.
    """

    path: Path
    values: frozenset[int] | None = None
    known: frozenset[int] | None = None
    is_guess: bool = False
    marks: bool | None = None


@dataclass(frozen=True, slots=True)
class ColourMask:
    """A picture whose colours are classes: `colour` is the defect's; one that is not `known` is refused."""

    path: Path
    colour: Colour
    known: frozenset[Colour]


@dataclass(frozen=True, slots=True)
class Canvas:
    """The size of the picture that labels were drawn on, and `where` that is said: on another size they mean nothing."""

    where: str
    height_px: int
    width_px: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """Regions, each with how sure it is, 0..1. No region: the picture is clean.

    `place` is the file and picture that they stand in, where no canvas says it.
    """

    regions: tuple[tuple[Region, float], ...] = ()
    canvas: Canvas | None = field(default=None, compare=False, repr=False)  # says where it stands, not what it is
    place: str = field(default="", compare=False, repr=False)

    @property
    def where(self) -> str:
        """Where they stand, for messages; empty if nobody knows."""
        return self.place if self.canvas is None else self.canvas.where


@dataclass(frozen=True, slots=True)
class Runs:
    """Run lengths, down the columns, counted from 1; several where a picture has several rows."""

    texts: tuple[str, ...]
    canvas: Canvas | None = field(default=None, compare=False, repr=False)

    @property
    def where(self) -> str:
        """Where they stand, for messages; empty if nobody knows."""
        return "" if self.canvas is None else self.canvas.where


@dataclass(frozen=True, slots=True)
class Somewhere:
    """The picture shows the defect; nobody has said where. `canvas` is what it was labelled on, where that is known."""

    canvas: Canvas | None = field(default=None, compare=False, repr=False)


Label = MaskFile | ColourMask | Drawn | Runs | Somewhere
CLEAN = Drawn()


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """`labels` by defect; None: nobody looked for it, which is not the same as clean. Pictures of one part share `part`.

    `ignore` is a mask of the picture's size: from 128 on nothing is learned and nothing counts. `fold` is the one of a
    cross-validation that the set itself puts the picture in; empty where it says none.
    """

    picture: Path
    part: str
    view: str
    labels: Mapping[str, Label | None]
    source: str
    ignore: Path | None = None
    fold: str = ""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """What a reader found. `oddities` are sentences, each with the file that it is about, for people to look at.

    `listed`: all that was looked for, though no picture may show it; None where the layout has no list of it.
    """

    source: str
    defects: tuple[str, ...]
    pictures: tuple[LabelledPicture, ...]
    oddities: tuple[str, ...] = ()
    listed: frozenset[str] | None = None


def read_mask(label: MaskFile | ColourMask | Drawn | Runs, height_px: int, width_px: int) -> SoftMask:
    """Return a label as pixels of a picture of this size, float32 (height, width), 0..1.

    Raises TrainingDataError naming the mask's file, or the file and picture that the label stands in.
    """
    if isinstance(label, MaskFile):
        return _read_file(label, height_px, width_px)
    if isinstance(label, ColourMask):
        return _read_colours(label, height_px, width_px)
    refuse_other_size(label.canvas, height_px, width_px)
    try:
        return _drawn(label, height_px, width_px) if isinstance(label, Drawn) else _run(label, height_px, width_px)
    except TrainingDataError as error:
        if not label.where:
            raise
        raise TrainingDataError(f"{label.where}: {error}") from error


def refuse_other_size(canvas: Canvas | None, height_px: int, width_px: int) -> None:
    """Raise TrainingDataError, naming what says so, if something was labelled on a picture of another size."""
    if canvas is not None and (canvas.height_px, canvas.width_px) != (height_px, width_px):
        raise TrainingDataError(
            f"{canvas.where}: was labelled at {canvas.width_px} x {canvas.height_px} px, but its picture is "
            f"{width_px} x {height_px} px; restore the picture that was labelled"
        )


def decode_file(path: Path, how: int) -> NDArray[Any] | None:
    """A picture as OpenCV decodes it, `how` in its words; None where the file is none. Raises TrainingDataError."""
    try:
        encoded = path.read_bytes()
        return None if not encoded else cv2.imdecode(np.frombuffer(encoded, np.uint8), how)
    except (OSError, cv2.error) as error:
        raise TrainingDataError(f"{path}: can not be read ({error}); restore it") from error


def _drawn(label: Drawn, height_px: int, width_px: int) -> SoftMask:
    mask = np.zeros((height_px, width_px), np.float32)
    for region, level in label.regions:
        box, covered = cover(region, height_px, width_px)
        if not covered.any():
            raise TrainingDataError(
                f"a labelled {named(region)} covers no pixel of the picture of {width_px} x {height_px} px, "
                "so it was meant elsewhere; correct the label, or remove it"
            )
        mask[box][covered] = np.maximum(mask[box][covered], np.float32(level))
    return mask


def _run(label: Runs, height_px: int, width_px: int) -> SoftMask:
    mask = np.zeros((height_px, width_px), np.float32)
    for text in label.texts:
        mask[decode_runs(text, height_px, width_px)] = 1.0
    return mask


def _read_file(label: MaskFile, height_px: int, width_px: int) -> SoftMask:
    mask = decode_file(label.path, cv2.IMREAD_UNCHANGED)
    if mask is None:
        raise TrainingDataError(f"{label.path}: is empty, cut off or no picture; export the mask again")
    if mask.ndim == 3 and mask.shape[2] == 4 and (mask[..., 3] < 255).any():
        raise TrainingDataError(
            f"{label.path}: is transparent in places, so that nobody knows what they say; export it flat"
        )
    if mask.ndim == 3 and (mask[..., :3] == mask[..., :1]).all():
        mask = mask[..., 0]  # grey, but saved as colours
    if mask.ndim != 2 or mask.dtype != np.uint8:
        raise TrainingDataError(f"{label.path}: is not a picture of 8 bit and one channel; export the mask again")
    _refuse_other_mask(label.path, mask, height_px, width_px)
    if label.known is not None and (foreign := set(np.unique(mask).tolist()) - label.known):
        raise TrainingDataError(
            f"{label.path}: holds the grey level {min(foreign)}, allowed are {', '.join(map(str, sorted(label.known)))}; "
            "export the mask again"
        )
    if label.values is not None:
        marked = np.isin(mask, list(label.values))
        if label.marks is not None and label.marks != marked.any():
            said = "defective, but it marks nothing" if label.marks else f"good, but it marks {np.count_nonzero(marked)} px"
            raise TrainingDataError(f"{label.path}: its picture is listed as {said}; restore the mask, or correct the list")
        return np.asarray(marked, np.float32)
    return np.asarray(np.asarray(mask, np.float32) / np.float32(255), np.float32)


def _read_colours(label: ColourMask, height_px: int, width_px: int) -> SoftMask:
    mask = decode_file(label.path, cv2.IMREAD_COLOR)  # a palette becomes its colours
    if mask is None:
        raise TrainingDataError(f"{label.path}: can not be read as a picture; export the mask again")
    _refuse_other_mask(label.path, mask, height_px, width_px)
    packed = (mask.astype(np.int32) * (1, 1 << 8, 1 << 16)).sum(2)  # blue comes first
    foreign = packed[~np.isin(packed, [_packed(colour) for colour in label.known])]
    if foreign.size:
        least = int(foreign.min())
        red, green, blue = least >> 16, least >> 8 & 255, least & 255
        raise TrainingDataError(
            f"{label.path}: holds the colour {red},{green},{blue}, which is no class's; name its class, or export the mask "
            "again"
        )
    return np.asarray(packed == _packed(label.colour), np.float32)


def _packed(colour: Colour) -> int:
    red, green, blue = colour
    return red << 16 | green << 8 | blue


def _refuse_other_mask(path: Path, mask: NDArray[np.generic], height_px: int, width_px: int) -> None:
    if mask.shape[:2] != (height_px, width_px):
        raise TrainingDataError(
            f"{path}: is {mask.shape[1]} x {mask.shape[0]} px, but its picture is {width_px} x {height_px} px; draw "
            "the mask again on this picture"
        )
