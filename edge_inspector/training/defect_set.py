"""What one engine learns from, or is measured on: the pictures that are labelled for its defect, clean ones included.

A picture of which a set says nothing for the defect is left out: not labelled is not clean.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_inspector.domain.errors import PictureDamagedError, TrainingDataError
from edge_inspector.imaging.decode import JPEG_START, PNG_START, decode_jpeg
from edge_inspector.imaging.exif import UPRIGHT, orientation_of
from edge_inspector.imaging.fit import Fit, fit
from edge_inspector.imaging.pages import decode_pages, decode_single_page, page_count
from edge_inspector.training.datasets.labelled_picture import (
    ColourMask,
    Label,
    LabelledPicture,
    LabelledSet,
    MaskFile,
    Somewhere,
    decode_file,
    read_mask,
    refuse_other_size,
)
from edge_inspector.training.part_scores import Counted

Picture = NDArray[np.uint8]
Judged = NDArray[np.bool_]  # (h, w)

SURE = 128  # of 255: from here on a pixel of a mask counts


@dataclass(frozen=True, slots=True)
class ViewFit:
    """How a picture becomes a view, as a station's camera and recipe say it: `imaging.fit`."""

    how: Fit
    width_px: int
    height_px: int

    def own_of(self, height_px: int, width_px: int) -> tuple[slice, slice]:
        """Rows and columns of the view that are a picture's own; what `pad` adds beyond shows nothing new."""
        if self.how == "resize":
            return slice(self.height_px), slice(self.width_px)
        return slice(height_px), slice(width_px)

    def read_own(self, path: Path) -> Picture:
        """What of a file's view is the picture's own, uint8 (h, w, c). Raises TrainingDataError naming it."""
        picture = read_picture(path)
        return _fitted(picture, self, path)[self.own_of(*picture.shape[:2])]


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture, what is known of one defect in it, and what was found when it was looked at.

    `positive_px` of `judged_px` pixels show the defect (SURE and more); both are 0 where nobody said where it is.
    `digest` is of picture, label and view, `picture_digest` of the picture's file alone: SHA-256.
    """

    picture: Path
    part: str
    label: Label
    ignore: Path | None
    view: ViewFit | None
    is_defective: bool
    positive_px: int
    judged_px: int
    digest: str
    picture_digest: str

    @property
    def is_placed(self) -> bool:
        """Whether it is known where the defect is, or that there is none."""
        return not isinstance(self.label, Somewhere)

    def read(self) -> tuple[Picture, Picture, Judged]:
        """The view, uint8 (h, w, c), its mask, uint8 (h, w), 0..255: how sure it is, and where it is to be judged.

        Raises TrainingDataError naming the file, also if nobody said where.
        """
        picture = read_picture(self.picture)
        return self.view_of(picture), self.mask_of(picture), self.judged_of(picture)

    def read_picture(self) -> Picture:
        """The view alone. Raises TrainingDataError naming the file."""
        return self.view_of(read_picture(self.picture))

    def view_of(self, picture: Picture) -> Picture:
        """The view of what `read_picture` of this module gave for the file. Raises TrainingDataError if it does not fit."""
        return _fitted(picture, self.view, self.picture)

    def mask_of(self, picture: Picture) -> Picture:
        """The view's mask, of the same; 0 beyond what is the picture's own.

        Raises TrainingDataError naming the mask's file, or that nobody said where.
        """
        if isinstance(self.label, Somewhere):
            raise TrainingDataError(f"{self.picture}: is labelled defective, but nobody said where; draw a mask")
        try:
            mask = read_mask(self.label, *picture.shape[:2])
        except TrainingDataError as error:
            if isinstance(self.label, MaskFile | ColourMask) or self.label.where:
                raise
            raise TrainingDataError(f"{self.picture}: {error}") from error
        return self._placed(_bytes(mask), picture, self.picture)

    def own_of(self, picture: Picture) -> tuple[slice, slice]:
        """Rows and columns of the view that are the picture's own; what `pad` adds beyond shows nothing new."""
        height, width = picture.shape[:2]
        return (slice(height), slice(width)) if self.view is None else self.view.own_of(height, width)

    def judged_of(self, picture: Picture) -> Judged:
        """Where the view is to be judged: not beyond the picture, nor where it is to be ignored.

        Raises TrainingDataError naming the file that says what to ignore.
        """
        height, width = picture.shape[:2]
        counts = np.full((height, width), 255, np.uint8)
        if self.ignore is not None:
            counts[read_ignored(self.ignore, height, width)] = 0
        return self._placed(counts, picture, self.ignore or self.picture) >= SURE

    def _placed(self, drawn: Picture, picture: Picture, path: Path) -> Picture:
        """What was drawn on the picture, (h, w), as it lies in the view."""
        if self.view is None:
            return drawn
        placed = np.zeros_like(view := _fitted(drawn, self.view, path))
        placed[self.own_of(picture)] = view[self.own_of(picture)]
        return placed


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

    def defective_parts(self) -> set[str]:
        """Parts of which any picture shows the defect."""
        return {sample.part for sample in self.samples if sample.is_defective}

    def kinds(self, counted: Counted) -> tuple[int, int]:
        """How many are good, and how many defective: parts, or pictures each by itself."""
        defective = len(self.defective_parts()) if counted == "parts" else sum(self.defective)
        return (len(self.parts()) if counted == "parts" else len(self.samples)) - defective, defective

    def spread(self, most: int) -> tuple[Sample, ...]:
        """At most so many samples of which the place is known, in their order: defective and clean ones, each kind spread
        evenly over the set, half of `most` each where there are so many."""
        placed = [i for i, sample in enumerate(self.samples) if sample.is_placed]
        kinds = [[i for i in placed if self.samples[i].is_defective is kind] for kind in (True, False)]
        fewer, more = sorted(kinds, key=len)
        few = min(len(fewer), most // 2)
        chosen = [*_evenly(fewer, few), *_evenly(more, min(len(more), most - few))]
        return tuple(self.samples[i] for i in sorted(chosen))

    def of_parts(self, names: Collection[str]) -> DefectSet:
        """The samples of these parts, part by part in the order of `names`."""
        parts = self.parts()
        chosen = tuple(self.samples[i] for name in names for i in parts.get(name, ()))
        return DefectSet(self.source, self.defect, chosen)


def defect_set(
    labelled: LabelledSet,
    defect: str,
    view: ViewFit | None = None,
    progress: Callable[[float], None] = lambda share: None,
    *,
    bands: int | None = None,
) -> DefectSet:
    """Look at every picture that is known for the defect: it is decoded, its mask drawn, both digested.

    A picture that is to be ignored as a whole is left out: nothing is known of it. Without a `view` pictures are taken as
    large as they are. `bands`: how many pages each has; None: colours, or grey.

    Raises TrainingDataError naming a file that is damaged, does not fit the view or has other bands, a mask of another size,
    or that no picture is known for the defect.
    """
    if defect not in labelled.defects:
        raise TrainingDataError(
            f"{_folder_of(labelled.pictures)}: read as {labelled.source}, has no labels for {defect}, only for "
            f"{', '.join(labelled.defects) or 'nothing: it names no defect'}"
        )
    known = [each for each in labelled.pictures if each.labels.get(defect) is not None]
    if not known:
        raise TrainingDataError(
            f"{_folder_of(labelled.pictures)}: read as {labelled.source}, no picture is labelled for {defect}, clean ones "
            "neither"
        )

    def look(each: LabelledPicture) -> Sample:
        label = each.labels[defect]
        assert label is not None
        return _look(Sample(each.picture, each.part, label, each.ignore, view, False, 0, 0, "", ""), bands)

    samples = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)), "look") as pool:
        for number, sample in enumerate(pool.map(look, known), 1):
            if sample.judged_px or not sample.is_placed:
                samples.append(sample)
            progress(number / len(known))
    if not samples:
        raise TrainingDataError(
            f"{_folder_of(known)}: read as {labelled.source}, all pictures that are labelled for {defect} are to be ignored "
            "as a whole; draw what to ignore smaller"
        )
    return DefectSet(_folder_of(known), defect, tuple(samples))


def _folder_of(pictures: Sequence[LabelledPicture]) -> str:
    """The folder that holds them all."""
    return os.path.commonpath([each.picture.parent for each in pictures])


def read_picture(path: Path) -> Picture:
    """A picture at its own size, uint8 (h, w, 3), RGB, decoded as a station does; of a TIFF with pages (h, w, pages).

    Raises TrainingDataError naming it, also where it is not stored as it is shown: labels were drawn on what is shown.
    """
    encoded = _bytes_of(path)
    try:
        if encoded.startswith(JPEG_START) and (orientation := orientation_of(encoded)) != UPRIGHT:
            raise TrainingDataError(
                f"{path}: is stored turned or mirrored (Exif orientation {orientation}) and shown upright, so that labels "
                "may lie elsewhere; write its pixels as they are shown, and see that its labels fit"
            )
        if encoded.startswith((JPEG_START, PNG_START)):
            return decode_jpeg(encoded, from_camera=False)
        if pages := page_count(encoded):
            return decode_pages(encoded) if pages > 1 else decode_single_page(encoded)
        other = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except (PictureDamagedError, cv2.error) as error:
        raise TrainingDataError(f"{path}: {error}; replace the picture, or remove it and its label") from error
    if other is None:
        raise TrainingDataError(f"{path}: can not be decoded; replace the picture, or remove it and its label")
    return np.asarray(other, np.uint8)


def _bytes_of(path: Path) -> bytes:
    """What a picture's file holds. Raises TrainingDataError naming it."""
    try:
        encoded = path.read_bytes()
    except OSError as error:
        raise TrainingDataError(f"{path}: {error}; replace the picture, or remove it and its label") from error
    if not encoded:
        raise TrainingDataError(f"{path}: is empty; replace the picture, or remove it and its label")
    return encoded


def read_ignored(path: Path, height_px: int, width_px: int) -> NDArray[np.bool_]:
    """Where a picture of this size is not to be judged, bool (height, width). Raises TrainingDataError naming the file."""
    ignored = decode_file(path, cv2.IMREAD_UNCHANGED)
    if ignored is None or ignored.ndim != 2 or ignored.dtype != np.uint8:
        raise TrainingDataError(f"{path}: is not a picture of 8 bit and one channel; export it again")
    if ignored.shape != (height_px, width_px):
        raise TrainingDataError(
            f"{path}: is {ignored.shape[1]} x {ignored.shape[0]} px, its picture {width_px} x {height_px} px; draw it again "
            "on this picture"
        )
    return np.asarray(ignored >= SURE)


def _look(sample: Sample, bands: int | None) -> Sample:
    """The sample with what is found in it, from its view."""
    encoded = _bytes_of(sample.picture)
    _refuse_other_bands(sample.picture, encoded, bands)
    digest = hashlib.sha256(encoded)
    sample = replace(sample, picture_digest=digest.hexdigest())
    digest.update(f"{sample.view}".encode() if bands is None else f"{bands} bands {sample.view}".encode())
    if isinstance(sample.label, Somewhere):
        picture = read_picture(sample.picture)
        sample.view_of(picture)
        refuse_other_size(sample.label.canvas, *picture.shape[:2])
        digest.update(b"somewhere")
        return replace(sample, is_defective=True, digest=digest.hexdigest())
    picture = read_picture(sample.picture)
    mask, judged = sample.mask_of(picture), sample.judged_of(picture)
    _refuse_lost(sample, picture, mask)
    if sample.ignore is not None:
        digest.update(sample.ignore.read_bytes())
    label = sample.label
    if isinstance(label, MaskFile | ColourMask):
        digest.update(label.path.read_bytes())
    else:
        digest.update(repr(label).encode())
    if isinstance(label, ColourMask):
        digest.update(repr(label.colour).encode())
    positive_px = int(np.count_nonzero((mask >= SURE) & judged))
    return replace(
        sample,
        is_defective=positive_px > 0,
        positive_px=positive_px,
        judged_px=int(np.count_nonzero(judged)),
        digest=digest.hexdigest(),
    )


def _refuse_lost(sample: Sample, picture: Picture, mask: Picture) -> None:
    """What is too thin for a smaller view would be learned as clean."""
    if sample.view is None or sample.view.how != "resize" or (mask >= SURE).any():
        return
    drawn_px = np.count_nonzero(replace(sample, view=None).mask_of(picture) >= SURE)
    if drawn_px:
        height, width = picture.shape[:2]
        raise TrainingDataError(
            f"{sample.picture}: of the {drawn_px} px that are labelled none is left when {width} x {height} px become "
            f"{sample.view.width_px} x {sample.view.height_px}: what is labelled is too thin; take a larger view"
        )


def _refuse_other_bands(path: Path, encoded: bytes, bands: int | None) -> None:
    """A picture of three pages is no colour picture, nor the other way round: only the file tells them apart."""
    try:
        pages = page_count(encoded)
    except PictureDamagedError as error:
        raise TrainingDataError(f"{path}: {error}; replace the picture, or remove it and its label") from error
    if bands is None and pages > 1:
        raise TrainingDataError(
            f"{path}: has {pages} pages, each a band; name them in the training file's `bands`, in their order"
        )
    if bands is not None and pages != bands:
        has = "is no TIFF" if pages == 0 else "has 1 page" if pages == 1 else f"has {pages} pages"
        raise TrainingDataError(
            f"{path}: {has}, expected a TIFF with {bands}, one for each of the training file's `bands`; write every band as "
            "a grey page of its own, or correct `bands`"
        )


def _evenly(positions: Sequence[int], count: int) -> list[int]:
    return [positions[k * len(positions) // count] for k in range(count)]


def _fitted(picture: Picture, view: ViewFit | None, path: Path) -> Picture:
    if view is None:
        return picture
    height, width = picture.shape[:2]
    try:
        return fit(picture, view.how, view.width_px, view.height_px)
    except PictureDamagedError as error:
        raise TrainingDataError(
            f"{path}: is {width} x {height} px, but the view is {view.width_px} x {view.height_px} px with fit {view.how}; "
            "cut all pictures to one size, or let fit pad smaller ones or resize all"
        ) from error


def _bytes(mask: NDArray[np.float32]) -> Picture:
    return np.asarray(np.rint(255.0 * mask), np.uint8)
